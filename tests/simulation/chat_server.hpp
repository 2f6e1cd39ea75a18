#pragma once
#include "messages/chat/codec.hpp"
#include "messages/session.hpp"
#include "tests/simulation/world.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::simulation {

/// What a chat server knows of a room from the RESULTs and notifications it got.
struct known_room {
  std::string chat_id;                         ///< empty: it goes by its Matrix id
  std::set<std::string> joined;                ///< users of this server
  std::map<std::string, std::string> outgoing; ///< user of another server -> state of our invitation
  std::set<std::string> incoming;              ///< users of this server with an open invitation
};

/// A chat server and the broker's session with it: sends commands (again with the same id when the broker was lost,
/// when the refusal is of the kind that passes, and now and then for no reason), reads the outbox by its cursor, keeps
/// what it heard.
class chat_server {
public:
  chat_server(world& w, broker& b);

  // -- what a script or a scenario does
  /// @returns the command id
  std::string send(chat::command x);
  struct outcome {
    bool succeeded = false;
    std::string body;                                ///< msgpack
    std::string field(const std::string& key) const; ///< a text of the answer; empty when there is none
    fault why() const { return chat::decode_fault(body); }
  };
  /// The RESULT, once there is one that is final.
  const outcome* result_of(const std::string& command_id) const;
  /// The same id once more.
  void repeat(const std::string& command_id);
  const std::map<std::string, known_room>& rooms() const { return rooms_; }
  /// Called with every notification, in order.
  std::function<void(const chat::notification&)> listener;
  /// Whether refusals that pass are repeated with the same id.
  bool repeats_passing_refusals = true;

  struct heard {
    std::uint32_t stream = 0;
    std::int64_t cursor = 0;
    chat::notification what;
  };
  const std::vector<heard>& notifications() const { return heard_; }
  /// Messages the broker acknowledged: command id -> (room, sender, text, event id), in the order sent.
  struct sent_message {
    std::string matrix_room_id, sender, text, event_id;
  };
  const std::vector<sent_message>& acknowledged_messages() const { return acknowledged_; }
  /// Messages whose deletion the broker acknowledged: event id -> event id of the redaction.
  const std::map<std::string, std::string>& deleted_messages() const { return deleted_; }
  /// An edit or a reaction that the broker acknowledged: of which message, by whom.
  struct related {
    std::string matrix_room_id, target, sender, key, event_id;
  };
  const std::vector<related>& edits() const { return edits_; }
  const std::vector<related>& reactions() const { return reactions_; }
  /// A role that one of ours was to give: whose it is (target), by whom, and which (key). A RESULT that says no may
  /// have come after the change had been there for a moment.
  const std::vector<related>& roles_wanted() const { return roles_wanted_; }
  std::vector<std::string> unanswered() const;
  /// Receipts of users of other servers that were told.
  std::size_t receipts() const { return receipts_; }
  /// Event ids of the messages of a room that it knows.
  std::vector<std::string> messages_in(const std::string& matrix_room_id) const;

  // -- from the broker
  void broker_started();
  void broker_lost();
  void outbox_grew();
  void command_done_now(const command_done& m);
  void ephemeral_now(const ephemeral_notification& m);

private:
  struct sent {
    chat::command body;
    std::uint64_t trace = 0; ///< of the attempt that is under way; 0: none
    std::uint32_t attempts = 0;
    bool looking_up = false;
    time_ms since = 0;
    std::optional<outcome> result;
    std::uint64_t results = 0;
  };
  void attempt(const std::string& id);
  void finished(const std::string& id, outcome what, bool from_store);
  void read();
  void take(const chat::notification& n);
  void learn(const sent& s, const outcome& what);
  void watch(const std::string& id, std::uint64_t trace);
  std::string matrix_id_of(const std::string& room) const;

  world& world_;
  broker& broker_;
  std::map<std::string, sent> commands_;
  std::vector<std::string> order_;
  std::map<std::uint64_t, std::string> traces_;
  std::uint64_t last_trace_ = 0, last_command_ = 0;
  std::map<std::uint32_t, std::int64_t> cursors_;
  bool reading_ = false;
  std::vector<heard> heard_;
  std::map<std::string, known_room> rooms_;
  std::map<std::string, std::string> matrix_ids_; ///< chat room id -> Matrix room id
  std::vector<sent_message> acknowledged_;
  std::map<std::string, std::string> deleted_;
  std::vector<related> edits_, reactions_, roles_wanted_;
  std::map<std::string, std::int64_t> read_to_; ///< room, user and thread -> place of the event told last
  std::size_t receipts_ = 0;
};

} // namespace causeway::simulation
