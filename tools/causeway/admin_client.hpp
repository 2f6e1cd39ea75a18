#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::tools {

/// How to reach a broker's admin endpoint.
struct broker_address {
  std::string endpoint;        ///< ipc:// or tcp://
  std::string server_key;      ///< the broker's CURVE public key, Z85; empty: no CURVE
  std::string secret_key_file; ///< our CURVE secret key; required with `server_key`
  std::uint32_t connect_timeout_ms = 2'000;
  std::uint32_t answer_timeout_ms = 10'000;
};

/// What became of a command. `outcome` decides the exit code of the `causeway` command.
struct reply {
  enum class kind : std::uint8_t {
    done,        ///< `body` is the answer
    refused,     ///< `body` is {code, message, detail, retryable, what_to_do}
    unreachable, ///< nothing came back; `problem` says why and what to do
    not_asked,   ///< for want of rights or of our key, which says nothing of the broker; `problem` as above
  };
  kind outcome = kind::unreachable;
  matrix::json::object body;
  std::string problem;
};

/// Asks one command, as the user who is logged in, and waits for its answer. Blocks for at most both time-outs. Reads
/// at most 256 MiB.
reply ask(const broker_address& where, std::string_view command, admin::arguments with);

} // namespace causeway::tools
