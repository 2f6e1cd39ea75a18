#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace causeway::edge {

/// Which session actor a chat connection belongs to: the name of the CURVE allow-list, else the one the peer gave in HELLO.
/// For the thread that gets the frames; not synchronised.
class session_names {
public:
  /// @param connections_max  Beyond it the connection heard of least recently is forgotten; its peer is then asked for HELLO.
  explicit session_names(std::size_t connections_max = 4'096) : connections_max_(connections_max) {}

  /// Name of the session a frame is for; "chat" where HELLO gives no name.
  /// @returns role_denied (not a chat connection, or HELLO claims another name than its key has), hello_required,
  ///          or what is wrong with a HELLO (bad_frame, too_large). To be answered with make_error().
  result<std::string> find(const connection& from, const frame& x);
  /// The connection is gone.
  /// @returns its session, empty if it had none
  std::string forget(const connection& gone);

private:
  using key = std::pair<std::uint32_t, std::string>;
  struct entry {
    std::string session;
    std::list<key>::iterator place;
  };
  std::size_t connections_max_;
  std::map<key, entry> entries_;
  std::list<key> recent_; ///< most recently heard of first
};

} // namespace causeway::edge
