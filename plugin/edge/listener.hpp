#pragma once
#include "config/edge_options.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "plugin/private_files.hpp"

#include <zmq.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace causeway::edge {

/// The file of a unix socket. Removed when it goes, unless another file has that name by then.
class socket_file {
public:
  socket_file() = default;
  /// @param path  a socket is bound there
  explicit socket_file(std::string path);
  socket_file(socket_file&& other) noexcept { swap(other); }
  socket_file& operator=(socket_file&& other) noexcept {
    swap(other);
    return *this;
  }
  ~socket_file();

private:
  void swap(socket_file& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
  }
  std::string path_; ///< empty: none
  std::uint64_t device_ = 0, inode_ = 0;
};

/// A bound ROUTER.
struct listener {
  zmq::socket_t socket;
  /// Of an ipc:// endpoint. Goes before the socket: once nobody listens, another process may take the name.
  socket_file file;
  role kind = role::chat;
  std::string address; ///< as bound
  bool curve = false;
  std::size_t frame_bytes_max = 0; ///< all parts of a message together
};

/// The broker's CURVE key pair, Z85; empty where there is none.
struct curve_keys {
  wiped secret;
  std::string public_key;
};

/// Reads `edge.curve_secret_key_file`; no file name: no keys.
/// @returns as `read_secret_file`; invalid_param when it is not a key
result<curve_keys> load_curve_keys(const std::string& file);

/// Makes, configures and binds one endpoint. tcp:// uses CURVE as soon as there is a key, and the admin endpoint only
/// with one; ipc:// and inproc:// never need it. A socket file is for this user alone from the moment it has its name.
/// @returns see edge::open
result<listener> listen(zmq::context_t& context, role kind, const std::string& endpoint,
                        const config::edge_options& options, const curve_keys& keys);

} // namespace causeway::edge
