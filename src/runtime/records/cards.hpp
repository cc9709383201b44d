#pragma once
// The cards of this process: which are free.
//
// The file is made as the library is loaded, and again in a forked child. Where the system refuses it there are no
// cards, and no other process can look in; nothing else changes. All of it is guarded by the registry's lock.

#include "runtime/records/card.hpp"

namespace threadwise::runtime::cards {

/// Makes the file.
void open() noexcept;

/// In a forked child, where no card is in use any more: lets go of the parent's file, and makes another.
void reopen() noexcept;

/// A card that no thread has, whose ident is 0; null: there is none left.
Card* take() noexcept;

/// Its ident must be 0 again.
void give_back(Card& card) noexcept;

}  // namespace threadwise::runtime::cards
