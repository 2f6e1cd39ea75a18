#pragma once
#include "messages/chat/acknowledgement.hpp"
#include "messages/chat/codec.hpp"
#include "messages/fault.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// C++ client of Causeway's chat contract, version 1 (messages/chat/CONTRACT.md).
namespace causeway::client {

/// CURVE keys, Z85. All three or none.
struct curve_keys {
  std::string server_key; ///< the broker's public key
  std::string public_key, secret_key;
};

struct options {
  std::string endpoint = "ipc:///run/causeway/chat.sock";
  std::string peer = "chat";                  ///< our name, for the broker's operator; with CURVE that of the key
  std::string client = "causeway-client-cpp"; ///< software and version, likewise
  std::optional<std::vector<std::uint32_t>> streams; ///< absent: all; empty: none, commands only
  std::uint64_t credit_messages = 1'000;             ///< events that may wait here
  std::uint64_t credit_bytes = 16 * 1024 * 1024;     ///< the same in bytes of bodies; at least 1 MiB, the largest event
  std::optional<curve_keys> curve;
};

/// A notification. Durable ones have a cursor and come again until they are acknowledged.
struct event {
  std::string name;                    ///< e.g. "message.received"
  std::string body;                    ///< msgpack; see chat::decode_notification
  std::optional<std::uint32_t> stream; ///< absent: ephemeral, nothing to acknowledge
  std::int64_t cursor = 0;
  std::optional<std::string> traceparent = {}; ///< of the command it follows from, if that had one

  /// The body as a struct: `event.as<chat::message_received>()`. Nothing where it has another name, or a body that is
  /// none (whose fault `chat::decode_notification` tells).
  template <class Notification>
  std::optional<Notification> as() const {
    if (name != Notification::name) return {};
    auto x = chat::decode_notification(name, body);
    if (!x) return {};
    return std::get<Notification>(std::move(*x));
  }
};

/// What a command is answered with, as the struct that belongs to its name. @returns fault bad_body, unknown_command
result<chat::answer> decode_answer(std::string_view command_name, std::string_view body);
/// Notifications that come once, or not at all; durable ones: `chat::decode_notification`.
using ephemeral = std::variant<chat::join_progress, chat::typing_changed, chat::media_available, chat::ask_user,
                               chat::receipt_changed, chat::presence_changed>;
/// @returns fault bad_body, unknown_command
result<ephemeral> decode_ephemeral(std::string_view notification_name, std::string_view body);

/// What this chat server calls what it just took over, by Matrix id; goes with an ACK.
using bindings = chat::bindings;

/// A file that was downloaded, as its server tells it; the name may be empty.
struct downloaded {
  std::uint64_t total_bytes = 0;
  std::string content_type, file_name;
};

/// One connection to the broker, kept alive by a thread of its own: it reconnects, introduces itself again, repeats
/// commands without an answer (same id: the broker runs each once) and drops events that were handed out before. All
/// functions may be called from any thread.
class client {
public:
  explicit client(options o);
  /// Closes it. Nobody may be in one of its functions any more: where others wait, `close` first.
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Says BYE and ends what waits: open commands and later ones with fault `stopping`, `next_event` with what is left,
  /// then nothing.
  void close();

  /// Waits for WELCOME; a broker that is stopping or short of room is greeted again.
  /// @returns timed_out, or the fault the broker answered HELLO with
  status wait_connected(std::chrono::milliseconds timeout);

  /// Sends a command and waits for its RESULT; repeats it as often as the connection breaks and while the broker is
  /// short of room (credit_exceeded, overloaded, stopping).
  /// @param id  Idempotency key, 1..128 bytes; empty: a fresh one. Repeat a command that timed out with the id it had.
  /// One that does not fit is refused with bad_frame.
  /// Commands leave in the order of the calls, also when the broker reads nothing for a while: one that the socket did
  /// not take is not overtaken.
  /// @returns msgpack of the answer; the fault of the RESULT; timed_out: it may have been carried out or not;
  /// too_large: more than 1 MiB, not sent; overloaded: 10,000 commands wait here, not sent
  /// @param traceparent  W3C trace context; the EVENTs that follow have its trace
  result<std::string> command(const std::string& name, const std::string& body, std::string id = {},
                              std::chrono::milliseconds timeout = std::chrono::seconds{30},
                              std::optional<std::string> traceparent = {});
  result<std::string> command(const chat::command& x, std::string id = {},
                              std::chrono::milliseconds timeout = std::chrono::seconds{30},
                              std::optional<std::string> traceparent = {});
  /// The same with the answer as its struct: `c.ask(chat::query_user{...})` gives a chat::user_view.
  template <class Command>
  result<typename Command::answered_by> ask(const Command& x, std::string id = {},
                                            std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
    const auto body = command(chat::command{x}, std::move(id), timeout);
    if (!body) return body.error();
    auto answer = decode_answer(Command::name, *body);
    if (!answer) return answer.error();
    return std::get<typename Command::answered_by>(std::move(*answer));
  }
  /// Puts a file into the broker's media store, part by part. With the same `upload_id` an upload that broke off goes
  /// on where it was.
  /// @param timeout  of each part
  /// @returns its mxc URI; the broker's fault (too_large: media.upload_bytes_max); not_found, bad_body: the file itself
  result<std::string> upload(const std::string& path, const std::string& content_type, std::string upload_id = {},
                             std::chrono::milliseconds timeout = std::chrono::seconds{60});
  /// Writes a file of any server to `path`. The first part of another server's file comes when the broker has all of
  /// it.
  /// @returns what is known of it; the broker's fault (not_found: its server has no such file)
  result<downloaded> download(const std::string& mxc, const std::string& path,
                              std::chrono::milliseconds timeout = std::chrono::seconds{300});
  /// Sends a command that needs no result (`typing`, `read`, `presence`) without an id; lost where there is no
  /// connection, and told by `errors` while a broker reads nothing.
  void send_ephemeral(const chat::command& x);
  /// 128 random bits in hexadecimal.
  static std::string new_id();

  /// The next event, in order per stream; nothing within `timeout`, or closed.
  std::optional<event> next_event(std::chrono::milliseconds timeout);
  /// This event and all before it of its stream are done with. Nothing for an ephemeral one. Those of 20 ms go as one
  /// ACK; one with bindings goes at once.
  /// @returns none; too_large: the bindings do not fit into one message (1 MiB), nothing was acknowledged: give fewer
  fault ack(const event& x, const bindings& bind = {});
  /// Permanent: put it aside and go on. Otherwise it comes again after a while, and so does what follows it. Of the
  /// reason the first 1,024 bytes are told.
  void nack(const event& x, bool permanent, const std::string& reason);
  /// Events of `stream` after `cursor` come (again). What waits here of that stream is dropped.
  void seek(std::uint32_t stream, std::int64_t cursor);

  /// Commands that wait for their RESULT.
  std::size_t open_commands() const;
  /// Messages that wait, in order, since the broker reads nothing; commands are none of them. At 10,000 of them, or 16
  /// MiB, the connection begins anew.
  std::size_t unsent() const;
  /// Fields of commands that the broker does not know, as "message.send: txet", each once, the last 100 in order:
  /// misspelt, or the broker is older than the caller. The commands were carried out without them, or refused for
  /// another reason.
  std::vector<std::string> ignored() const;
  /// ERRORs of the broker that belong to no command, and what was dropped at a bound (overloaded), counted; the last
  /// one.
  std::pair<std::uint64_t, fault> errors() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace causeway::client
