#pragma once
#include "messages/address.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/room.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Signatures are 94 % of the cost of taking an event: they are checked by a few workers side by side.
namespace causeway {

/// server name -> its keys
using key_ring = std::map<std::string, std::shared_ptr<const matrix::verify_keys>, std::less<>>;

/// verifier -> one of its workers: check these with those keys.
struct verify_piece {
  address reply_to;
  token asked = 0;
  std::size_t first = 0; ///< index of events[0] in the question
  std::vector<matrix::event_ptr> events;
  std::shared_ptr<const key_ring> keys;
  std::string own_name; ///< of this server
};
/// worker -> verifier.
struct piece_verified {
  token asked = 0;
  std::size_t first = 0;
  std::vector<event_check> checks;
};

/// Servers whose keys `check_event` may need, each once.
std::vector<std::string> possible_signers(const matrix::event& x);
/// Receipt checks 2 and 3 on one event: about 65 us. The signatures are those that the form needs in which the event is
/// kept: with `bad_hash` they are those of `matrix::redacted(x)`.
/// @param own_name  this server's: nothing in the name of its users is valid without its own signature, third-party
/// invites included
event_check check_event(const matrix::event& x, const key_ring& keys, std::string_view own_name);

} // namespace causeway
