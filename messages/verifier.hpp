#pragma once
#include "messages/address.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/room.hpp"

#include <map>
#include <memory>
#include <string>
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
};
/// worker -> verifier.
struct piece_verified {
  token asked = 0;
  std::size_t first = 0;
  std::vector<event_check> checks;
};

/// Receipt checks 2 and 3 on one event: about 65 us.
event_check check_event(const matrix::event& x, const key_ring& keys);

} // namespace causeway
