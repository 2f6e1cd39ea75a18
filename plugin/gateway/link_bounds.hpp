#pragma once
#include "messages/edge/unsent_frames.hpp"

namespace causeway::gateway {

/// What may be under way to the node.
struct link_bounds {
  /// Messages libzmq keeps in each direction; a fuse. What may be open on either side is bounded below this, so it
  /// never blows in health.
  int pipe_messages = 65'536;
  /// What waits here while the pipe is full, because the node reads nothing.
  edge::unsent_frames::bounds unsent{65'536, 64 * 1024 * 1024};
};

} // namespace causeway::gateway
