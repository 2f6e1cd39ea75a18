#pragma once
#include "messages/matrix/json.hpp"
#include "messages/store.hpp"
#include "plugin/admin/desk.hpp"
#include "plugin/admin/scatter_gather.hpp"
#include "plugin/admin/rows.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

/// How the servers of a room see it, beside how we do.
namespace causeway::admin {

/// Servers that are asked, all at once; of a larger room those with the most members.
inline constexpr std::size_t compared_servers_max = 50;
/// How long each is waited for, ms.
inline constexpr std::int64_t comparison_timeout_ms = 10'000;
/// Events of their state or their heads that are looked up in our store, and those that are fetched from them.
inline constexpr std::size_t looked_up_events_max = 500, fetched_events_max = 20;
/// Differences that are listed, of all servers together.
inline constexpr std::size_t differences_max = 200;

/// One server's view of the room.
struct view_row {
  std::string server_name, state, problem;
  std::int64_t members = 0, differences = 0, extremities = 0, ahead = 0;
  bool behind = false;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Name of the server.");
    f("members", members, "Its users who are in the room, as we see it.");
    f("state", state,
      "same: it has the same state of the room; different: see the differences; unknown: it does not tell.");
    f("differences", differences, "Entries of the state that are not the same.");
    f("extremities", extremities, "Heads of its event graph, as far as it tells them.");
    f("ahead", ahead, "Of these the ones that we do not have: `room resync` fetches them.");
    f("behind", behind, "It says that it does not have our latest event.");
    f("problem", problem, "Why it does not tell.");
  }
};

/// One entry of the state that a server sees differently.
struct difference_row {
  std::string server_name, type, state_key, ours, theirs;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Who sees it differently.");
    f("type", type, "Type of the state event; ?: the event could not be had.");
    f("state_key", state_key, "Its state key; of a membership the user.");
    f("ours", ours, "What we have; of a membership the word, of power levels those that differ.");
    f("theirs", theirs, "What they have.");
  }
};

/// One event that was fetched for the room (`room resync`).
struct resynced_row {
  std::string event_id, server_name, outcome;

  template <class F>
  void fields(F& f) {
    f("event_id", event_id, "Its id.");
    f("server_name", server_name, "Who has it, and was asked for it.");
    f("outcome", outcome, "taken: it is in the room, or waits there for what comes before it; else why not.");
  }
};

/// One server that has not told the heads of its graph (`room resync`).
struct silent_row {
  std::string server_name, problem;

  template <class F>
  void fields(F& f) {
    f("server_name", server_name, "Who was asked.");
    f("problem", problem, "What it answered.");
  }
};

/// Asks in rounds: first for views, then the store for the events they name, then for those it does not have. Pure:
/// what is to be asked goes out, what was found comes in.
class room_comparison {
public:
  room_comparison(const store::room_loaded& room, std::string room_id, std::string own_server);

  /// @returns not_member: none of our users is in the room, so nobody answers
  status askable() const;
  std::size_t servers_total() const { return servers_total_; }

  /// @param with_state  also the state at our latest event
  std::vector<questions::peer> views_to_ask(bool with_state) const;
  void views_answered(const query_results& found);
  store::load_events events_to_ask() const;
  void events_known(const store::events_loaded& found);
  /// Heads that we do not have; with `state` also the events of states that differ.
  std::vector<questions::peer> missing_to_ask(bool state) const;
  void missing_answered(const query_results& found);

  /// {room_id, at_event, extremities, servers: [view_row], servers_total, differences: [difference_row],
  /// differences_total, staged}
  matrix::json::object compared() const;

  /// The fetched heads, by the server that has told each.
  std::vector<questions::delivery> fetched() const;
  /// {room_id, asked, answered, heads, events: [resynced_row], silent: [silent_row], staged}
  matrix::json::object resynced(const query_results& found) const;

private:
  struct server_view {
    std::int64_t members = 0;
    bool heads_answered = false, state_answered = false, behind = false;
    std::vector<std::string> heads;
    std::set<std::string> state; ///< event ids
    std::string problem;
  };
  struct entry {
    std::string type, state_key, text;
    matrix::json::object content;
  };
  void heads_answered(server_view& to, const peer_answer& answer) const;
  void state_answered(server_view& to, const peer_answer& answer) const;
  bool is_known(const std::string& id) const { return own_heads_.contains(id) || known_.contains(id); }
  std::vector<difference_row> differences_to(const std::string& server, const server_view& of) const;

  std::string room_id_, own_server_, as_user_;
  std::size_t servers_total_ = 0;
  std::size_t staged_ = 0; ///< events of others that wait here for what we lack, by the servers that sent them
  matrix::event_ptr at_;   ///< our latest event; null: none
  std::set<std::string> own_heads_;
  std::map<std::string, entry> own_state_; ///< event id -> what it says; before `at_`
  std::map<std::string, server_view> views_;
  std::map<std::string, entry> known_;                  ///< events of theirs, in our store or fetched
  std::map<std::string, matrix::json::object> fetched_; ///< event id -> PDU
  std::map<std::string, std::string> fetched_from_;
};

} // namespace causeway::admin
