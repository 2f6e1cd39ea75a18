#include "tools/causeway/admin_client.hpp"

#include "messages/edge/header.hpp"
#include "plugin/edge/listener.hpp"
#include "tools/causeway/socket_rights.hpp"

#include <zmq.hpp>
#include <zmq_addon.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <optional>
#include <vector>

namespace causeway::tools {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::int64_t answer_bytes_max = 256 * 1024 * 1024;
constexpr std::string_view command_id = "1";
constexpr std::size_t login_bytes_max = 100;

reply unreachable(std::string why) {
  reply x;
  x.problem = std::move(why);
  return x;
}

reply not_asked(std::string why) {
  auto x = unreachable(std::move(why));
  x.outcome = reply::kind::not_asked;
  return x;
}

/// ZeroMQ reconnects silently for ever; a look at the socket file tells at once, and precisely, why nobody answers.
std::optional<reply> ipc_problem(std::string_view endpoint) {
  std::string path{endpoint.substr(std::string_view{"ipc://"}.size())};
  sockaddr_un where{};
  if (path.empty() || path.size() >= sizeof where.sun_path)
    return not_asked("\"" + std::string{endpoint} + "\" names no socket.");
  if (path[0] == '@') return {}; // Linux' abstract names have no file
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path.data(), path.size());
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return {};
  int failed = connect(probe, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0 ? 0 : errno;
  close(probe);
  switch (failed) {
  case 0: return {};
  case ENOENT:
    return unreachable(path + " does not exist: is the broker running (`systemctl status causewayd`)? If it runs with "
                              "another edge.admin_endpoint, give it with --socket or --config.");
  case EACCES:
  case EPERM: return not_asked(permission_denied(path));
  case ECONNREFUSED:
    return unreachable("nobody listens on " + path + ": the broker has ended (`systemctl status causewayd`).");
  default: return unreachable(path + ": " + std::strerror(failed));
  }
}

std::string set_up_curve(zmq::socket_t& socket, const broker_address& where) {
  if (where.server_key.empty()) return {};
  if (where.secret_key_file.empty()) return "--server-key needs --secret-key-file, our own half.";
  auto own = edge::load_curve_keys(where.secret_key_file);
  if (!own) return own.error().detail;
  socket.set(zmq::sockopt::curve_serverkey, where.server_key);
  socket.set(zmq::sockopt::curve_publickey, own->public_key);
  socket.set(zmq::sockopt::curve_secretkey, own->secret.text);
  return {};
}

bool send(zmq::socket_t& socket, edge::verb what, const std::string& header, const std::string& body) {
  char verb = static_cast<char>(what);
  return socket.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore) &&
         socket.send(zmq::const_buffer{&verb, 1}, zmq::send_flags::sndmore) &&
         socket.send(zmq::buffer(header), zmq::send_flags::sndmore) &&
         socket.send(zmq::buffer(body), zmq::send_flags::none);
}

reply read_answer(bool succeeded, std::string_view text) {
  auto parsed = matrix::json::parse(text);
  const auto* object = parsed ? parsed->as_object() : nullptr;
  if (!object) return unreachable("the broker's answer is not JSON: do the versions of broker and command match?");
  reply x;
  x.outcome = succeeded ? reply::kind::done : reply::kind::refused;
  x.body = *object;
  return x;
}

/// Who sits there, for the audit. The broker takes it for what it is: our word.
std::string login_name() {
  for (const char* name : {"SUDO_USER", "LOGNAME", "USER"})
    if (const char* text = std::getenv(name); text && *text) return std::string{text}.substr(0, login_bytes_max);
  return "uid " + std::to_string(getuid());
}

/// The RESULT of our command, or nothing for another message.
std::optional<reply> understand(const std::vector<zmq::message_t>& parts) {
  if (parts.size() != 4 || parts[0].to_string_view() != edge::magic || parts[1].size() != 1) return std::nullopt;
  auto what = static_cast<edge::verb>(static_cast<std::uint8_t>(*parts[1].data<char>()));
  if (what == edge::verb::error)
    return unreachable("the broker does not understand us: do the versions of broker and command match?");
  if (what != edge::verb::result) return std::nullopt;
  auto header = edge::decode_header<edge::result_header>(parts[2].to_string_view());
  if (!header || header->id != command_id) return std::nullopt;
  return read_answer(header->ok, parts[3].to_string_view());
}

reply converse(const broker_address& where, std::string_view command, const admin::arguments& with) {
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::dealer};
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, answer_bytes_max);
  socket.set(zmq::sockopt::immediate,
             true); // so that a send waits for the connection, and its time-out tells that there is none
  socket.set(zmq::sockopt::sndtimeo, static_cast<int>(where.connect_timeout_ms));
  if (auto why = set_up_curve(socket, where); !why.empty()) return not_asked(std::move(why));
  socket.connect(where.endpoint);

  edge::hello_header hello;
  hello.versions = {edge::contract_version};
  hello.client = "causeway command";
  hello.streams.emplace();
  edge::command_header header;
  header.id = command_id;
  header.command = command;
  if (!send(socket, edge::verb::hello, edge::encode_header(hello), {}) ||
      !send(socket, edge::verb::command, edge::encode_header(header), admin::encode_arguments(with)))
    return unreachable(
      "no connection to " + where.endpoint + " within " + std::to_string(where.connect_timeout_ms) +
      " ms: is the broker running, and is this its edge.admin_endpoint?" +
      (where.server_key.empty() ? "" : " With CURVE: is our public key in edge.peers with the role admin?"));

  const auto deadline = clock::now() + std::chrono::milliseconds{where.answer_timeout_ms};
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0)
      return unreachable("the broker at " + where.endpoint + " did not answer within " +
                         std::to_string(where.answer_timeout_ms) +
                         " ms: it is stopping, or it hangs (look at its log).");
    socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(left));
    std::vector<zmq::message_t> parts;
    if (!zmq::recv_multipart(socket, std::back_inserter(parts))) continue;
    if (auto x = understand(parts)) return std::move(*x);
  }
}

} // namespace

reply ask(const broker_address& where, std::string_view command, admin::arguments with) {
  if (with.by.empty()) with.by = login_name();
  if (where.endpoint.starts_with("ipc://"))
    if (auto found = ipc_problem(where.endpoint)) return std::move(*found);
  try {
    return converse(where, command, with);
  } catch (const zmq::error_t& e) {
    return unreachable(where.endpoint + ": " + e.what());
  }
}

} // namespace causeway::tools
