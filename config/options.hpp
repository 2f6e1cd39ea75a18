#pragma once
#include "config/admin_options.hpp"
#include "config/edge_options.hpp"
#include "config/federation_options.hpp"
#include "config/gateway_options.hpp"
#include "config/media_options.hpp"
#include "config/store_options.hpp"

#include <cstdint>
#include <string>

/// Everything that can be configured. How a value gets here: loader.hpp; ranges, units and sentences: fields.hpp.
namespace causeway::config {

/// `[node]`: this broker as a whole.
struct node_options {
  /// Our name in the federation, the part after the colon of every local id. Required; a used store refuses another
  /// one.
  std::string server_name;
  /// What this node is called among those that share its store; empty: as the machine.
  std::string name;
  /// Where another node serves the store (PostgreSQL), wait, and take its place when it ends; false: do not start.
  bool standby = true;
  std::string data_dir = "/var/lib/causeway"; ///< store and signing key
  std::string signing_key_file;               ///< empty: `signing.key` in `data_dir`; made at the first start
  std::uint32_t worker_threads = 0;           ///< threads that run actors; 0: one per core; range 0..256
  std::uint32_t stop_timeout_s = 20;          ///< how long a stop waits for open work; range 1..600
  /// Memory for the ways of events of the last hour (`causeway why`), MiB, taken as it is needed; 0: they are not kept;
  /// range 0..4096. An event takes about 1 KiB, in a room of many servers some 500 bytes of each.
  std::uint32_t hops_kept_mib = 16;

  /// Where the signing key is, with the default filled in.
  std::string signing_key_path() const {
    return signing_key_file.empty() ? data_dir + "/signing.key" : signing_key_file;
  }
};

/// `[log]`
struct log_options {
  std::string level = "info";  ///< least level that is written: debug, info, warning, error
  std::string format = "json"; ///< json (one object a line) or text
  std::string file;            ///< empty: standard error
};

struct options {
  node_options node;
  edge_options edge;
  admin_options admin;
  gateway_options gateway;
  federation_options federation;
  room_options room;
  invitation_options invitation;
  supervisor_options supervisor;
  media_options media;
  store_options store;
  log_options log;

  /// Where the files are, with the default filled in.
  std::string media_path() const { return media.directory.empty() ? node.data_dir + "/media" : media.directory; }
};

} // namespace causeway::config
