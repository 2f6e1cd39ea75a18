#pragma once
#include "actors/alarm_time.hpp"
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/receipts/room_audiences.hpp"
#include "actors/receipts/unsent_markers.hpp"
#include "messages/matrix/json.hpp"
#include "messages/receipts.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::receipts {

/// What other servers have still to be told of our users' markers: of each server the number up to which it knows them.
/// Everything behind it goes in one m.receipt EDU over all rooms, a few where it has to be; the next when that one has
/// arrived. So a server that is down costs a row, and gets the newest markers alone when it is back. Only servers that
/// are in the room are told. Source: server-server-api, "Receipts".
class debts {
public:
  /// What is read within that time goes together: people scroll, and many read the same.
  static constexpr time_ms gather_ms = 500;
  /// The same for a server that has just come into a room: it may still be busy with its join, and pass over what it is
  /// told of a room that it does not have yet.
  static constexpr time_ms newcomer_ms = 10'000;
  /// EDUs to one server at once. What does not fit waits for their arrival.
  static constexpr std::size_t edus_at_once = 5;
  /// What was read longer ago is not told any more.
  static constexpr time_ms age_ms_max = 7 * 86'400'000;
  /// EDUs of which nothing is heard for so long are lost, with the actor of their server.
  static constexpr time_ms settle_ms_max = 600'000;
  /// Pause after they were dropped, doubling. They cost no request while the server is known to be down.
  static constexpr time_ms retry_ms_min = 2'000, retry_ms_max = 300'000;
  /// Servers that get their turn in one go, and rooms that one of them has asked.
  static constexpr std::size_t turns_at_once = 100, rooms_at_once = 50;
  /// Servers that the operator is shown.
  static constexpr std::size_t described_max = 20;

  debts(const context& node, decision& out) : node_(node), out_(out) {}

  void load(const store::receipt_debts_loaded& from);
  /// A marker of ours has moved. @pre it is among the rows to be written; `servers` is not null
  void owe(const store::put_receipt& x, const room_audiences::servers& servers);
  /// A server has come into that room, and does not know these, which are in order of change.
  void owe_newcomer(const std::string& server, const std::string& room_id,
                    const std::vector<store::put_receipt>& markers);
  void completed(const edu_completed& m);
  /// The server takes transactions again.
  void alive(const std::string& server);
  /// Perhaps receipts or the whole federation were switched.
  void settings_replaced();
  void told(const room_servers_response& m);
  time_ms deadline() const { return earlier(audiences_.deadline(), by_due_.empty() ? 0 : by_due_.begin()->first); }
  void on_deadline();
  bool is_idle() const { return servers_.empty(); }
  void describe(matrix::json::object& o) const;

private:
  struct debt {
    std::int64_t since = 0;   ///< it knows all changes up to this one
    std::int64_t wanted = 0;  ///< of the last marker it has to know
    std::int64_t covered = 0; ///< what it knows when those under way have arrived
    std::set<token> open;     ///< EDUs under way
    bool was_dropped = false; ///< one of them was
    bool waits = false;       ///< for what rooms say
    std::uint32_t failures = 0;
    time_ms due = 0; ///< its turn; with EDUs under way: they are lost
  };
  using entry = std::map<std::string, debt>::value_type;
  struct built {
    std::vector<std::int64_t> changes; ///< that are in the EDUs, or were to be
    std::vector<std::string> contents;
    std::int64_t covered = 0;
  };

  void schedule(entry& of, time_ms at);
  void set_since(entry& of, std::int64_t since);
  void take_turn(entry& of);
  void build(const std::vector<const store::put_receipt*>& list, std::int64_t last);
  void paid(entry& of, std::int64_t covered);
  void failed(entry& of);
  void cancel_all();

  const context& node_;
  decision& out_;
  room_audiences audiences_{out_};
  unsent_markers unsent_;
  std::map<std::string, debt> servers_;
  std::set<std::pair<time_ms, std::string>> by_due_;
  std::multiset<std::int64_t> since_; ///< of all of them
  built last_;                        ///< the EDUs built last: many servers are often owed the same
  std::uint64_t edus_ = 0;            ///< sent by this actor
  bool complained_ = false;           ///< that the oldest markers have to go; until all debts are paid
};

} // namespace causeway::receipts
