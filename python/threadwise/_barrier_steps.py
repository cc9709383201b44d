"""What a Barrier does whose state is not the C++ object's.

A subclass that does not call Barrier.__init__(), as that of multiprocessing, keeps the state where it wants, and gives it as
the attributes _parties, _action, _timeout, _cond, _state and _count. C++ calls these functions with such a barrier.
"""

from threadwise._threadwise import BrokenBarrierError

FILLING, DRAINING, RESETTING, BROKEN = 0, 1, -1, -2


def wait(barrier, timeout):
    """Wait for the others; the number of the calling thread or process."""
    with barrier._cond:
        barrier._cond.wait_for(lambda: barrier._state in (FILLING, BROKEN))
        if barrier._state == BROKEN:
            raise BrokenBarrierError
        index = barrier._count
        barrier._count += 1
        try:
            if barrier._count == barrier._parties:
                _release_all(barrier)
            else:
                _wait_for_others(barrier, barrier._timeout if timeout is None else timeout)
        finally:
            _leave(barrier)
        return index


def _enter(barrier, state):
    barrier._state = state
    barrier._cond.notify_all()


def _release_all(barrier):
    try:
        if barrier._action:
            barrier._action()
    except BaseException:
        _enter(barrier, BROKEN)
        raise
    _enter(barrier, DRAINING)


def _wait_for_others(barrier, timeout):
    if not barrier._cond.wait_for(lambda: barrier._state != FILLING, timeout):
        _enter(barrier, BROKEN)
    if barrier._state != DRAINING:
        raise BrokenBarrierError


def _leave(barrier):
    barrier._count -= 1
    if barrier._count == 0 and barrier._state in (DRAINING, RESETTING):
        _enter(barrier, FILLING)


def reset(barrier):
    """Make the barrier as new; who waits gets an error."""
    with barrier._cond:
        if barrier._count == 0:
            _enter(barrier, FILLING)
        elif barrier._state != DRAINING:
            _enter(barrier, RESETTING)


def abort(barrier):
    """Break the barrier."""
    with barrier._cond:
        _enter(barrier, BROKEN)


def parties(barrier):
    return barrier._parties


def n_waiting(barrier):
    return barrier._count if barrier._state == FILLING else 0


def broken(barrier):
    return barrier._state == BROKEN


def represent(barrier):
    kind = type(barrier)
    what = "broken" if broken(barrier) else f"waiters={n_waiting(barrier)}/{parties(barrier)}"
    return f"<{kind.__module__}.{kind.__qualname__} at {id(barrier):#x}: {what}>"
