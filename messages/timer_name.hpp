#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace causeway {

/// What an actor's timer is for. A timer is its actor's own, so that actors of two kinds may have the same; nobody
/// speaks of the timer of another.
enum class timer_kind : std::uint8_t {
  acknowledge,  ///< session: ACKs and names are written
  alias,        ///< directory: a question about an alias has had no answer
  bound,        ///< session: the batch with the names of that number is on disk
  calls,        ///< remote_server: a request of that server has had no answer
  confirm,      ///< invitation: a revocation is to be confirmed
  deadline,     ///< room, receipts: the least of the components'; invitation: it expires
  direct,       ///< directory: a question about a direct room has had no answer
  fan_out,      ///< room: the next part of a crowd of servers
  heartbeat,    ///< session: PING
  idle,         ///< remote_server: it may end
  invites,      ///< remote_server: invitations that were held back
  lazy,         ///< remote_server: rows that may be written late
  load,         ///< session: positions that could not be read
  lookups,      ///< directory: a question to another server has had no answer
  notary,       ///< directory, remote_server: a notary has not answered
  others,       ///< remote_server: keys of several servers are asked for together
  presence,     ///< directory: who is there
  receiving,    ///< remote_server: a transaction of that server is not handled yet
  retry,        ///< invitation: the next attempt
  stream_retry, ///< session: the stream of that number, after a NACK
  send,         ///< remote_server: the next transaction
  shared_rooms, ///< directory: whether a server shares a room with a user
  starved,      ///< session: a stream whose owner takes nothing
  sweep,        ///< remote_server, verifier: questions without an answer
  user_asks,    ///< directory: the chat server has not said who a user is
  user_updates, ///< directory: rooms that are told of a changed profile
  watch,        ///< invitation: whoever was asked may have failed
};

/// Names one timer of an actor. Some kinds have several, with a number each.
struct timer_name {
  timer_kind kind = timer_kind::deadline;
  std::uint64_t number = 0;

  constexpr timer_name() = default;
  constexpr timer_name(timer_kind which, std::uint64_t of_several = 0) : kind(which), number(of_several) {}
  auto operator<=>(const timer_name&) const = default;
};
/// For people: "send", "retry:3".
std::string to_string(const timer_name& x);

} // namespace causeway
