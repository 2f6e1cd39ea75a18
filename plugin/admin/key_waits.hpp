#pragma once
#include "messages/matrix/json.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the signatures of a staged event ask for, and what their servers publish instead. Pure.
namespace causeway::admin {

/// A server whose signature counts, and the ids of the keys it has signed the event with.
struct event_signer {
  std::string server;
  std::vector<std::string> key_ids; ///< empty: it has not signed
};
/// That of the sender, and of a restricted join that of who let the user in. Of room versions 1 and 2 that of the event
/// id is not looked at: it is the sender's but for what nobody sends any more.
std::vector<event_signer> signers_of(const matrix::json::value& pdu);

/// What is known of the keys of one server.
struct known_keys {
  std::vector<std::string> ids;    ///< those that it signs with, by what it told
  std::int64_t asked_ts = 0;       ///< when it, and the notaries, were asked last; 0: not known
  std::int64_t asked_again_ts = 0; ///< when they are asked again at the earliest; 0: not known
  std::string fault;               ///< why they could not be had then; empty: they could, or it is not known
};
/// By the row of the store, and by what the server's actor says of itself. @param status  JSON; null: it is not known
known_keys known_keys_of(const store::put_server_keys& row, const matrix::json::value& status);

/// Those of `signer` that are not known. Empty: all are, or it has not signed.
std::vector<std::string> missing_key_ids(const event_signer& signer, const known_keys& known);

/// "signed with ed25519:new, and there.example publishes only ed25519:test (asked 20 s ago)", or why the key could not
/// be had.
std::string key_in_words(const event_signer& signer, const known_keys& known, std::int64_t now_ms);

/// A key that staged events are signed with, and that does not do for them.
struct unusable_key {
  std::string key_id;
  std::size_t events = 0;      ///< that have no other signature of the server that does
  std::int64_t retired_ts = 0; ///< when the server has ended its use, which was before them; 0: it does not publish it
};
/// @param staged  copies of one event count once
/// @param published  by `server`, those that it has retired among them
/// @returns in the order of their ids
std::vector<unusable_key> unusable_keys(std::span<const store::put_inbox> staged, const std::string& server,
                                        const matrix::verify_keys& published);

/// "a, b and 2 more"
std::string few_of(const std::vector<std::string>& names, std::size_t few = 3);

} // namespace causeway::admin
