#pragma once
#include "actors/alarm_time.hpp"
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/receipts/debts.hpp"
#include "actors/receipts/parked_markers.hpp"
#include "messages/receipts.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace causeway::receipts {

/// Whether a marker moves: only to what lies behind it in the room, in the order in which the room has accepted events.
/// What moves is written, then our users' are owed to the servers in the room and those of others are told to the chat
/// server. The markers are in the store; of one room one question is open at a time, so that each decision knows of
/// those before it, and what comes meanwhile goes together with the next. Source: client-server-api, "Receipts";
/// MSC4102.
class marker_book {
public:
  /// Markers that wait for the store. Beyond them a command is refused, and what other servers say is passed over.
  static constexpr std::size_t waiting_max = 20'000;
  /// Markers decided with one answer.
  static constexpr std::size_t at_once_max = 500;
  /// Threads of a user in a room of which the marker is kept; at the bound the one that lies furthest back goes.
  static constexpr std::size_t threads_max = 100;
  static constexpr time_ms answer_ms_max = 30'000;

  marker_book(const context& node, decision& out, debts& owed, parked_markers& parked)
      : node_(node), out_(out), debts_(owed), parked_(parked) {}

  void load(const store::receipt_debts_loaded& from) { last_change_ = from.last_change; }
  void take(const markers_moved& m);
  /// @returns whether it was the answer to a question of this
  bool answered(token asked, const store::answer& found);
  /// Looks for the parked ones that are due, and gives up questions without an answer.
  void on_deadline();
  time_ms deadline() const { return earlier(parked_.deadline(), questions_.empty() ? 0 : first_until()); }
  std::size_t waiting() const { return waiting_; }
  bool is_idle() const { return rooms_.empty() && parked_.size() == 0; }

private:
  struct question {
    std::string room_id;
    std::vector<markers_moved> moved;
    time_ms until = 0;
  };
  struct room {
    std::deque<markers_moved> waiting;
    bool is_asked = false;
  };
  /// What is known when a question is answered: markers as they are, those decided before included.
  class desk;

  time_ms first_until() const { return questions_.begin()->second.until; }
  void ask(const std::string& room_id, room& of);
  void go_on(const std::string& room_id);
  void fail(const question& q, const fault& why);
  void decide(const markers_moved& m, desk& known);
  /// @returns whether its event is known
  bool move(const markers_moved& m, const read_marker& x, desk& known);
  void tell_chat(const markers_moved& m, const store::put_receipt& x, const store::event_place& place);
  void complain();

  const context& node_;
  decision& out_;
  debts& debts_;
  parked_markers& parked_;
  std::map<std::string, room> rooms_;   ///< with something that waits or is asked
  std::map<token, question> questions_; ///< the oldest first
  std::size_t waiting_ = 0;             ///< markers, of all rooms
  std::int64_t last_change_ = 0;
  time_ms complained_at_ = 0;
};

} // namespace causeway::receipts
