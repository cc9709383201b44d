#include "threads/thread_life.hpp"

#include <mutex>
#include <utility>

#include "threadwise/thread_handle.hpp"

namespace threadwise::python {

void ThreadLife::run() noexcept {
    ident.store(PyThread_get_thread_ident());
    library_ident.store(get_ident());
    state.store(State::running);
}

bool ThreadLife::is_current() const noexcept {
    const State now = state.load();
    return (now == State::starting || now == State::running) && ident.load() == PyThread_get_thread_ident();
}

void ThreadLives::add(std::shared_ptr<ThreadLife> life) {
    const std::scoped_lock hold(lock_);
    life->place = lives_.size();
    lives_.push_back(std::move(life));
}

void ThreadLives::remove(ThreadLife& life) {
    std::shared_ptr<ThreadLife> removed;  // dies, if it does, without the lock
    const std::scoped_lock hold(lock_);
    if (life.place >= lives_.size() || lives_[life.place].get() != &life) return;
    removed = std::move(lives_[life.place]);
    if (life.place != lives_.size() - 1) {
        lives_[life.place] = std::move(lives_.back());
        lives_[life.place]->place = life.place;
    }
    lives_.pop_back();
}

std::shared_ptr<ThreadLife> ThreadLives::any_to_join() {
    const std::scoped_lock hold(lock_);
    for (const auto& life : lives_) {
        // One that is said to be done, as a forked child's main thread is at its end, is waited for no more.
        if (!life->daemon && !life->done.is_set() && !life->is_current()) return life;
    }
    return nullptr;
}

std::shared_ptr<ThreadLife> ThreadLives::any_unknown() {
    const std::scoped_lock hold(lock_);
    for (const auto& life : lives_) {
        if (!life->known.is_set()) return life;
    }
    return nullptr;
}

void ThreadLives::forget_others() {
    new (&lock_) Lock;
    std::vector<std::shared_ptr<ThreadLife>> all;
    all.swap(lives_);
    running.store(0);
    for (auto& life : all) {
        if (life->is_current()) {
            running.store(1);
            add(std::move(life));
        } else {
            life->end();
        }
    }
}

}  // namespace threadwise::python
