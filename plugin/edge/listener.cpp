#include "plugin/edge/listener.hpp"

#include "config/endpoints.hpp"
#include "messages/limits.hpp"
#include "plugin/edge/allow_list.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace causeway::edge {
namespace {

constexpr std::string_view ipc_scheme = "ipc://";
constexpr std::string_view inproc_scheme = "inproc://";
constexpr mode_t others = S_IRWXG | S_IRWXO;
constexpr std::size_t key_text_bytes = 40;
/// ZMTP carries the heartbeat's time to live in tenths of a second, 16 bits.
constexpr int heartbeat_ttl_ms_max = 6'553'500;

/// Somebody accepts connections at this socket file.
bool is_served(const sockaddr_un& where) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true; // cannot tell: rather refuse than take over
  const bool refused = ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return !refused;
}

/// libzmq would unlink whatever is at `path`, a live broker's socket or a plain file included; so this looks first.
status prepare_ipc(const std::string& endpoint, const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.starts_with('@'))
    return {fault_code::forbidden, endpoint + ": an abstract socket has no permissions, any local user could connect; use a path"};
  if (path.size() >= sizeof where.sun_path)
    return {fault_code::invalid_param, endpoint + ": the path is over " + std::to_string(sizeof where.sun_path - 1) + " bytes"};
  std::memcpy(where.sun_path, path.data(), path.size());

  std::error_code failed;
  const auto directory = std::filesystem::path{path}.parent_path();
  if (!directory.empty() && !std::filesystem::exists(directory, failed)) {
    std::filesystem::create_directories(directory, failed);
    if (failed) return {fault_code::internal, endpoint + ": cannot make the directory: " + failed.message()};
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failed);
  }
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return ok();
  if (!S_ISSOCK(found.st_mode)) return {fault_code::invalid_param, endpoint + ": there is a file that is not a socket"};
  if (is_served(where)) return {fault_code::already_exists, endpoint + ": another process listens there"};
  ::unlink(path.c_str());
  return ok();
}

void configure(zmq::socket_t& socket, const config::edge_options& options, std::size_t frame_bytes_max, bool network, bool ipv6) {
  namespace opt = zmq::sockopt;
  socket.set(opt::linger, 0);
  socket.set(opt::router_mandatory, true);
  socket.set(opt::sndhwm, static_cast<int>(options.high_water_mark));
  socket.set(opt::rcvhwm, static_cast<int>(options.high_water_mark));
  socket.set(opt::maxmsgsize, static_cast<std::int64_t>(frame_bytes_max));
  if (!network) return;
  const int timeout_ms = static_cast<int>(options.peer_timeout_ms);
  socket.set(opt::ipv6, ipv6); // on an IPv4 address it would bind the mapped one
  socket.set(opt::heartbeat_ivl, static_cast<int>(options.heartbeat_ms));
  socket.set(opt::heartbeat_timeout, timeout_ms);
  socket.set(opt::heartbeat_ttl, std::min(timeout_ms, heartbeat_ttl_ms_max));
}

} // namespace

result<curve_keys> load_curve_keys(const std::string& file) {
  if (file.empty()) return curve_keys{};
  const auto wrong = [&](fault_code code, const char* what) { return fault{code, "edge.curve_secret_key_file " + file + ": " + what}; };
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return wrong(fault_code::invalid_param, "cannot be read");
  if ((found.st_mode & others) != 0) return wrong(fault_code::forbidden, "others can read it; chmod 600");
  curve_keys keys;
  std::ifstream in{file};
  in >> keys.secret;
  if (!config::is_curve_key(keys.secret)) return wrong(fault_code::invalid_param, "does not hold 40 characters of Z85");
  std::array<char, key_text_bytes + 1> text{};
  if (zmq_curve_public(text.data(), keys.secret.c_str()) != 0) return wrong(fault_code::invalid_param, "does not hold a CURVE secret key");
  keys.public_key = text.data();
  return keys;
}

result<listener> listen(zmq::context_t& context, role kind, const std::string& endpoint, const config::edge_options& options,
                        const curve_keys& keys) {
  if (const auto checked = config::check_endpoint(endpoint); !checked) return checked.error();
  const bool ipc = endpoint.starts_with(ipc_scheme);
  const bool network = !endpoint.starts_with(inproc_scheme);
  listener made;
  made.kind = kind;
  made.curve = network && !ipc && !keys.secret.empty();
  made.frame_bytes_max = kind == role::gateway ? limits::gateway_frame_bytes_max : limits::chat_frame_bytes_max;
  if (config::is_remote_endpoint(endpoint) && !made.curve)
    return {fault_code::forbidden, endpoint + ": others can reach it; set edge.curve_secret_key_file, or bind a loopback address"};
  if (ipc)
    if (const auto prepared = prepare_ipc(endpoint, endpoint.substr(ipc_scheme.size())); !prepared) return prepared.error();

  try {
    made.socket = zmq::socket_t{context, zmq::socket_type::router};
    configure(made.socket, options, made.frame_bytes_max, network, endpoint.find('[') != std::string::npos);
    if (made.curve) {
      made.socket.set(zmq::sockopt::zap_domain, allow_list::domain(kind));
      made.socket.set(zmq::sockopt::curve_server, true);
      made.socket.set(zmq::sockopt::curve_secretkey, keys.secret);
    }
    // The socket file is never open to others, not even between bind and chmod.
    const auto before = ::umask(others);
    const int bound = zmq_bind(made.socket.handle(), endpoint.c_str());
    const int error = zmq_errno();
    ::umask(before);
    if (bound != 0)
      return {error == EADDRINUSE ? fault_code::already_exists : fault_code::internal, endpoint + ": " + zmq_strerror(error)};
    made.address = made.socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& e) {
    return {fault_code::internal, endpoint + ": " + e.what()};
  }
  if (ipc && ::chmod(endpoint.c_str() + ipc_scheme.size(), S_IRUSR | S_IWUSR) != 0)
    return {fault_code::internal, endpoint + ": chmod: " + std::strerror(errno)};
  return made;
}

} // namespace causeway::edge
