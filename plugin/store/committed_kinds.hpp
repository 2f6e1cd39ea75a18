#pragma once
#include "messages/store.hpp"

#include <span>

/// The crash points around a commit (messages/crash_point.hpp). Both do nothing in a build without them.
namespace causeway::store {

/// `batches` are to be committed: passes the point of each kind of row they hold.
void pass_before_commit(std::span<const store_batch> batches);
/// They are on disk, and nobody has been told.
void pass_after_commit(std::span<const store_batch> batches);

} // namespace causeway::store
