#pragma once
#include "actors/decision.hpp"
#include "actors/session/acknowledgement_writer.hpp"
#include "actors/session/command_window.hpp"
#include "actors/session/connection_table.hpp"
#include "actors/session/ephemeral_buffer.hpp"
#include "actors/session/outbox_stream.hpp"
#include "actors/session/outer_traces.hpp"
#include "actors/session/stream_assignment.hpp"
#include "messages/chat/commands.hpp"
#include "messages/edge/header.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::session {

/// What a session may know of its node; from config::edge_options where the name is the same. Constant while the node
/// runs.
struct settings {
  std::string
    session; ///< key of this actor; one serves all connections, since ACKs are the chat server's, not a process's
  std::string broker = "causeway"; ///< software and version, told in WELCOME
  std::string server_name;
  std::uint32_t streams = 1;
  std::uint32_t command_credit = 1'000;                  ///< commands open on one connection
  std::uint64_t command_credit_bytes = 16 * 1024 * 1024; ///< bodies of the commands open on one connection
  std::uint32_t event_credit_max = 10'000;               ///< events in flight on one connection
  std::uint32_t heartbeat_ms = 10'000;
  std::uint32_t peer_timeout_ms = 30'000;
  std::uint32_t command_timeout_ms = 300'000; ///< a command that nobody answered; its RESULT is then timed_out
};

/// Frames kept while the positions are loaded, and names looked up at once: the bounds of what a peer can make us hold,
/// beside those of the components.
inline constexpr std::size_t early_messages_max = 10'000;
inline constexpr std::size_t late_bindings_max = 1'024;
/// So long a connection that has a stream may be without credit for what is in it, while another one has some.
inline constexpr time_ms starved_after_ms = 1'000;

/// The chat side of the node, over all connections of the chat server. Pure: a message and the time come in, effects go
/// out.
/// Files: session_machine.cpp (life, connections), session_commands.cpp (COMMAND to RESULT), session_events.cpp (EVENT,
/// ACK, NACK, SEEK, CREDIT). What can be decided alone is a component: command_window, stream_assignment,
/// outbox_stream, acknowledgement_writer, ephemeral_buffer, connection_table. Contract: messages/chat/CONTRACT.md.
///
/// Its state is the position of each stream, read one by one and again where that failed, while it hears what is no
/// frame already: so it begins by itself and not as an `incarnation` does.
class session_machine {
public:
  explicit session_machine(settings s);

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator.
  std::string describe(time_ms now) const;

private:
  /// Fields of a COMMAND that it does not have: told with its RESULT.
  using ignored_fields = std::vector<std::string>;

  // What an open question to the store is about.
  struct position_question {
    std::uint32_t stream = 0;
  };
  struct rows_question {
    std::uint32_t stream = 0;
  };
  struct seek_question {
    std::uint32_t stream = 0;
    std::int64_t cursor = 0;
  };
  struct command_question {
    command_ptr command;
  };
  struct binding_question {
    std::string event_id, chat_message_id;
  };
  using question = std::variant<position_question, rows_question, seek_question, command_question, binding_question>;

  // -- life and connections (session_machine.cpp)
  void dispatch(const message& m);
  void begin();
  void loaded();
  void store_answer(const store_answered& m);
  void timer(const timer_due& m);
  void heartbeat();
  void say_goodbye();
  void frame(const frame_received& m);
  void hello(const frame_received& m);
  void lose(const connection_key& key, const char* why);
  void consider_end();
  token ask(store::query q, question about);
  void send(const connection& to, edge::verb what, std::string header, std::string body = {});
  void send_error(const edge::connection& to, const fault& why, const edge::error_header& about = {});
  void log(log_level level, const char* what, decision::fields fields);

  // -- commands (session_commands.cpp)
  void command(connection& c, const edge::frame& f);
  void ephemeral_command(connection& c, const std::string& id, const std::string& name, chat::command body,
                         ignored_fields ignored);
  void command_looked_up(open_command& x, const store::answer& found);
  void forward_ready();
  void command_result(const command_done& m);
  void finish_command(open_command& x, bool ok, const std::string& body, bool repeated);
  void refuse_command(const connection& c, const std::string& id, const fault& why, ignored_fields ignored = {});
  void time_out_commands();
  void store_changed(const store_state_changed& m);
  void clock_changed(const clock_state_changed& m) { clock_fault_ = m.why; }
  void lost(const commands_lost& m);
  /// The RESULT, to all who wait; the command goes on.
  void answer_waiters(open_command& x, bool ok, const std::string& body, bool repeated);

  // -- events (session_events.cpp)
  void streams_grew(const outbox_advanced& m);
  void assign_streams();
  void balance_streams();
  void hand_over_idle_streams();
  void watch_starved();
  void feed_starved_streams();
  void pump(const connection_key& key);
  void pump_all();
  void pump_owner(const outbox_stream& s);
  bool send_one(connection& c, std::uint32_t number, outbox_stream& s);
  void read_more(std::uint32_t number, outbox_stream& s);
  void rows_read(std::uint32_t number, token asked, const store::answer& found);
  void seek_answered(const seek_question& q, token asked, const store::answer& found);
  void acknowledge(connection& c, const edge::frame& f);
  void refuse_event(connection& c, const edge::frame& f);
  void more_credit(connection& c, const edge::frame& f);
  void seek(connection& c, const edge::frame& f);
  void give_up_event(const edge::nack_header& x);
  bool owns(const connection& c, std::uint32_t number) const;
  /// Tells `c` where a stream goes on, in answer to its SEEK or NACK.
  void send_position(const connection& c, std::uint32_t number, std::int64_t cursor, bool granted);
  /// Answers so, and sends what was in flight again: the peer has thrown it away.
  void refuse_position(const connection& c, std::uint32_t number, const fault& why);
  void retry(std::uint32_t number);
  void bind(const std::map<std::string, std::string>& rooms, const std::map<std::string, std::string>& messages,
            const std::unordered_map<std::string, std::string>& room_of_event);
  void binding_found(const binding_question& q, const store::answer& found);
  void keep_ephemeral(const ephemeral_notification& m);
  void send_ephemeral(connection& c);

  settings settings_;
  decision out_;
  std::unordered_map<token, question> questions_;

  std::size_t positions_missing_ = 0;        ///< streams whose position is not loaded
  std::set<std::uint32_t> unread_positions_; ///< to be asked for again
  bool begun_ = false;
  bool stopping_ = false;     ///< everybody was told BYE, nobody is welcomed any more
  std::deque<message> early_; ///< what came before the positions were loaded

  connection_table connections_;
  std::vector<outbox_stream> streams_;
  stream_assignment assignment_{streams_, connections_};
  command_window window_;
  fault store_fault_; ///< why the store does not write; none: it does
  fault clock_fault_; ///< why nothing new is signed; none: it is
  acknowledgement_writer acknowledgements_{out_, streams_};
  std::size_t late_bindings_ = 0; ///< questions about bindings under way
  bool starved_timer_ = false;
  ephemeral_buffer ephemeral_;
  outer_traces traces_;

  struct counts {
    std::uint64_t events_sent = 0, events_acked = 0, events_refused = 0, dead_letters = 0, commands = 0,
                  commands_repeated = 0, commands_refused = 0, ephemeral_sent = 0, ephemeral_dropped = 0,
                  frames_refused = 0;
  } counts_;
};

} // namespace causeway::session
