#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "messages/matrix/signing.hpp"
#include "plugin/store/lease.hpp"

namespace causeway {

// Key and store belong together: neither is made anew while the other one is there.

/// A store that is not there while its key is has been lost rather than never made. Before the store is opened.
/// @returns forbidden with the way out
status check_new_store(const config::options& options);

/// All nodes of a store sign with one key. Found out while this node stands by, and not when it is needed.
/// @returns forbidden: it has no key, or another one; store_failed
status check_key_of_standby(const config::options& options);

/// The signing key; made where the store has never been signed for. A store that was goes on with its key, or with one
/// that names it as an old one; which it is, is written down in the store.
/// @param held  the place among the nodes of the store; null: the store is this node's alone
/// @pre the store is open, and its thread has not begun
/// @returns forbidden with the way out, store_failed, stale_owner, or what is wrong with the key file
result<matrix::signing_key> open_signing_key(const config::options& options, const store::lease* held);

} // namespace causeway
