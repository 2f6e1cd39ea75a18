#pragma once
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// Homeservers that cost the measured machine as little as possible: what the load programs join and push with.
/// Mistakes end the program: a load that is not as intended measures nothing.
namespace causeway::bench {

/// PEM files of a certificate for localhost and of the CA that signed it.
struct tls_files {
  std::string certificate, private_key, ca;
};

/// An answer to an HTTPS request.
struct http_reply {
  int status = 0;
  std::string body;
};

/// One keep-alive HTTPS connection to localhost; requests in sequence. Not thread safe.
class https_connection {
public:
  https_connection(const tls_files& files, std::uint16_t port);
  ~https_connection();
  https_connection(https_connection&&) noexcept;
  https_connection& operator=(https_connection&&) noexcept;
  /// @param authorization  X-Matrix header value; empty: none
  http_reply request(std::string_view method, std::string_view target, const std::string& authorization,
                     const std::string& body);

private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Serves many ports with one thread: keys of each name, and PUT /send.
class https_listeners {
public:
  /// @param on_transaction  called in the serving thread with the index of the listener and the body of PUT /send
  https_listeners(const tls_files& files, std::size_t count,
                  std::function<void(std::size_t, std::string_view)> on_transaction);
  ~https_listeners();
  /// Ports in order, of 127.0.0.1, given by the kernel.
  const std::vector<std::uint16_t>& ports() const { return ports_; }
  /// What GET /_matrix/key/v2/server answers; set once, before the port is told to anybody.
  void set_key_document(std::size_t index, std::string json);
  /// Answers every other request; called in the serving thread with the index of the listener, method and target.
  /// Without it, and where it has no answer, 404. Set once, before a port is told to anybody.
  using handler = std::function<std::optional<http_reply>(std::size_t, std::string_view, std::string_view)>;
  void set_handler(handler on_request);
  /// How a server is dead: nobody listens, or connections come about and nothing is said on them.
  enum class dead : std::uint8_t { refuses, hangs };
  /// It is dead when this returns, and its open connections have ended. Not from the serving thread.
  void die(std::size_t index, dead how);
  /// CPU time of the serving thread so far, seconds.
  double cpu_seconds() const;

private:
  struct state;
  std::unique_ptr<state> state_;
  std::vector<std::uint16_t> ports_;
};

/// A room as a fake homeserver sees it after its join: makes the chain of its own events.
struct joined_room {
  std::string room_id, user_id;
  const matrix::room_version_rules* rules = nullptr;
  std::vector<std::string> auth_events; ///< create, power levels, own membership
  std::string last_event_id;
  std::int64_t depth = 0;
};

/// One fake homeserver: a name, a key and how it speaks to the broker.
class fake_homeserver {
public:
  /// @param broker  server name of the broker, signed into every request
  fake_homeserver(std::string server_name, std::string broker);

  const std::string& server_name() const { return server_name_; }
  std::string key_document() const;
  /// make_join and send_join of `@localpart:server_name`.
  joined_room join(https_connection& to, const std::string& room_id, std::string_view localpart) const;
  /// The next message of the chain, signed.
  matrix::event_ptr next_message(joined_room& room, std::string_view text) const;
  /// The user's membership once more, with another display name: a state event of the chain, cited by what follows.
  matrix::event_ptr next_profile(joined_room& room, std::string_view display_name) const;
  /// Completes an event of this server; mistakes end the program.
  matrix::event_ptr sign(matrix::json::object pdu, const matrix::room_version_rules& rules) const;

  struct prepared_request {
    std::string target, authorization, body;
  };
  /// A whole PUT /send, signed, of events in wire format.
  prepared_request prepare_transaction(const std::string& transaction_id, const std::vector<std::string>& pdus) const;
  http_reply get(https_connection& to, const std::string& target) const;
  /// PUT with a signed JSON body.
  http_reply put(https_connection& to, const std::string& target, const matrix::json::value& content) const;

private:
  matrix::event_ptr next_event(joined_room& room, std::string_view type, matrix::json::object content,
                               std::optional<std::string> state_key) const;

  std::string server_name_, broker_;
  matrix::signing_key key_;
};

/// CPU time and memory of a process. CPU: user and system time of all its threads, ended ones included.
struct process_usage {
  double cpu_seconds = 0;
  double rss_mib = 0, rss_peak_mib = 0;
};
process_usage usage_of(int pid);

/// The value below which `fraction` of the (unsorted) samples lie; 0 when there are none.
double percentile(std::vector<double> samples, double fraction);

std::int64_t now_ms();
/// Seconds of a clock that only goes forward.
double now_s();

/// Ends the program with a sentence when `condition` does not hold.
void require(bool condition, std::string_view sentence);

/// Value of `--name` among the arguments, or `otherwise`.
std::string argument(int argc, char** argv, std::string_view name, std::string_view otherwise = {});

} // namespace causeway::bench
