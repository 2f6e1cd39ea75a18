#include "plugin/edge/listener.hpp"

#include "config/endpoints.hpp"
#include "messages/limits.hpp"
#include "plugin/edge/allow_list.hpp"
#include "plugin/edge/crossing_frames.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace causeway::edge {
namespace {

constexpr std::string_view ipc_scheme = "ipc://";
constexpr std::string_view inproc_scheme = "inproc://";
constexpr std::size_t key_text_characters = 40;
/// ZMTP carries the heartbeat's time to live in tenths of a second, 16 bits.
constexpr int heartbeat_ttl_ms_max = 6'553'500;

/// Somebody accepts connections at this socket file.
bool is_served(const sockaddr_un& where) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true; // cannot tell: rather refuse than take over
  const bool refused =
    ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 && errno == ECONNREFUSED;
  ::close(fd);
  return !refused;
}

/// Makes sure that nobody uses `path`: neither a live broker nor a file that is no socket is put out of the way.
result<sockaddr_un> prepare_ipc(const std::string& endpoint, const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.starts_with('@'))
    return {fault_code::forbidden,
            endpoint + ": an abstract socket has no permissions, any local user could connect; use a path"};
  if (path.size() >= sizeof where.sun_path)
    return {fault_code::invalid_param,
            endpoint + ": the path is over " + std::to_string(sizeof where.sun_path - 1) + " bytes"};
  std::memcpy(where.sun_path, path.data(), path.size());

  const auto directory = std::filesystem::path{path}.parent_path();
  if (!directory.empty())
    if (auto made = make_private_folder(directory); !made)
      return {fault_code::internal, endpoint + ": " + made.error().detail};
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return where;
  if (!S_ISSOCK(found.st_mode)) return {fault_code::invalid_param, endpoint + ": there is a file that is not a socket"};
  if (is_served(where)) return {fault_code::address_in_use, endpoint + ": another process listens there"};
  ::unlink(path.c_str());
  return where;
}

/// Listens at a socket file that was never open to others. libzmq would make it with what the umask leaves, and the
/// umask is the whole process's: bind(2) gives the file the mode of the descriptor, less the umask, and the rest is set
/// before listen(2).
result<descriptor> listen_at(const std::string& endpoint, const sockaddr_un& where) {
  descriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  constexpr mode_t owner_only = S_IRUSR | S_IWUSR;
  if (fd && ::fchmod(fd.number(), owner_only) == 0 &&
      ::bind(fd.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0 &&
      ::chmod(where.sun_path, owner_only) == 0 && ::listen(fd.number(), SOMAXCONN) == 0)
    return fd;
  return fault{errno == EADDRINUSE ? fault_code::address_in_use : fault_code::internal,
               endpoint + ": " + std::strerror(errno)};
}

void configure(zmq::socket_t& socket, const config::edge_options& options, std::size_t transport_bytes_max,
               bool network, bool ipv6) {
  namespace opt = zmq::sockopt;
  socket.set(opt::linger, 0);
  socket.set(opt::router_mandatory, true);
  socket.set(opt::sndhwm, static_cast<int>(options.high_water_mark));
  socket.set(opt::rcvhwm, static_cast<int>(options.high_water_mark));
  socket.set(opt::maxmsgsize, static_cast<std::int64_t>(transport_bytes_max));
  if (!network) return;
  const int timeout_ms = static_cast<int>(options.peer_timeout_ms);
  socket.set(opt::ipv6, ipv6); // on an IPv4 address it would bind the mapped one
  socket.set(opt::heartbeat_ivl, static_cast<int>(options.heartbeat_ms));
  socket.set(opt::heartbeat_timeout, timeout_ms);
  socket.set(opt::heartbeat_ttl, std::min(timeout_ms, heartbeat_ttl_ms_max));
}

/// All parts of a message together.
std::size_t frame_bytes_of(role kind) {
  if (kind == role::gateway) return limits::gateway_frame_bytes_max;
  if (kind == role::node) return limits::crossing_bytes_max + crossing_header_bytes_max;
  return limits::chat_frame_bytes_max;
}

} // namespace

result<curve_keys> load_curve_keys(const std::string& file) {
  if (file.empty()) return curve_keys{};
  const auto wrong = [&](fault_code code, const std::string& what) {
    return fault{code, "edge.curve_secret_key_file " + file + ": " + what};
  };
  auto text = read_secret_file(file);
  if (!text) return wrong(text.error().code, text.error().detail);
  curve_keys keys{wiped{std::move(*text)}, {}};
  auto& secret = keys.secret.text;
  secret.resize(std::min(secret.size(), secret.find_first_of(" \t\r\n")));
  if (!config::is_curve_key(secret)) return wrong(fault_code::invalid_param, "does not hold 40 characters of Z85");
  std::array<char, key_text_characters + 1> own_public{};
  if (zmq_curve_public(own_public.data(), secret.c_str()) != 0)
    return wrong(fault_code::invalid_param, "does not hold a CURVE secret key");
  keys.public_key = own_public.data();
  return keys;
}

socket_file::socket_file(std::string path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return;
  path_ = std::move(path);
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

socket_file::~socket_file() {
  struct stat found {};
  if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

result<listener> listen(zmq::context_t& context, role kind, const std::string& endpoint,
                        const config::edge_options& options, const curve_keys& keys) {
  if (const auto checked = config::check_endpoint(endpoint); !checked) return checked.error();
  const bool ipc = endpoint.starts_with(ipc_scheme);
  const bool network = !endpoint.starts_with(inproc_scheme);
  listener made;
  made.kind = kind;
  made.curve = network && !ipc && !keys.secret.text.empty();
  made.frame_bytes_max = frame_bytes_of(kind);
  if (config::is_remote_endpoint(endpoint) && !made.curve)
    return {fault_code::forbidden,
            endpoint + ": others can reach it; set edge.curve_secret_key_file, or bind a loopback address"};
  if (network && !ipc && !made.curve && kind == role::admin)
    return {fault_code::forbidden,
            endpoint +
              ": every user of this machine could act as its operator; use ipc://, or set edge.curve_secret_key_file"};
  descriptor bound_file;
  if (ipc) {
    const auto path = endpoint.substr(ipc_scheme.size());
    auto where = prepare_ipc(endpoint, path);
    if (!where) return where.error();
    auto fd = listen_at(endpoint, *where);
    if (!fd) return fd.error();
    bound_file = std::move(*fd);
    made.file = socket_file{path};
  }

  try {
    made.socket = zmq::socket_t{context, zmq::socket_type::router};
    // libzmq cuts the connection at its own bound, without a word: it is far above the one that is answered.
    const bool is_ours = kind == role::gateway || kind == role::node;
    const auto transport_bytes_max = is_ours ? made.frame_bytes_max : limits::chat_transport_bytes_max;
    configure(made.socket, options, transport_bytes_max, network, endpoint.find('[') != std::string::npos);
    if (made.curve) {
      made.socket.set(zmq::sockopt::zap_domain, allow_list::domain(kind));
      made.socket.set(zmq::sockopt::curve_server, true);
      made.socket.set(zmq::sockopt::curve_secretkey, keys.secret.text);
    }
    if (ipc) made.socket.set(zmq::sockopt::use_fd, bound_file.number());
    if (zmq_bind(made.socket.handle(), endpoint.c_str()) != 0) {
      const int error = zmq_errno();
      return {error == EADDRINUSE ? fault_code::address_in_use : fault_code::internal,
              endpoint + ": " + zmq_strerror(error)};
    }
    bound_file.release(); // libzmq closes it
    made.address = made.socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& e) {
    return {fault_code::internal, endpoint + ": " + e.what()};
  }
  return made;
}

} // namespace causeway::edge
