#include "config/warnings.hpp"

#include "config/endpoints.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace causeway::config {

namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;
constexpr mode_t others_any = S_IRWXG | S_IRWXO;
constexpr mode_t world_any = S_IRWXO;

/// Collects warnings, one for each path.
class look_out {
public:
  explicit look_out(std::vector<problem>& out) : out_(out) {}

  void add(std::string_view key, std::string what) { out_.push_back({std::string{key}, {}, std::move(what)}); }

  /// Warns when others have any of `rights` to what is at `path`.
  void rights(std::string_view key, const std::string& path, mode_t rights, const std::string& why) {
    struct stat about {};
    if (path.empty() || ::stat(path.c_str(), &about) != 0 || (about.st_mode & rights) == 0 ||
        !seen_.insert(path).second)
      return;
    add(key, path + why);
  }
  /// Warns when somebody else may put another file in the place of `path`.
  void folder_of(std::string_view key, const std::string& path, const std::string& what) {
    if (path.empty()) return;
    auto folder = std::filesystem::path{path}.parent_path();
    rights(key, folder.empty() ? "." : folder.string(), others_write,
           ": others may write into this folder, and so put their own " + what + " in place of ours: chmod go-w it.");
  }

private:
  std::vector<problem>& out_;
  std::set<std::string> seen_;
};

/// Any process of this machine can connect there: no file permission, no key.
bool is_open_to_local_users(std::string_view endpoint, const edge_options& x) {
  return endpoint.starts_with("tcp://") && !is_remote_endpoint(endpoint) && x.curve_secret_key_file.empty();
}

void look_at_endpoints(look_out& out, const edge_options& x) {
  static constexpr std::string_view way_out = "use ipc://, or set edge.curve_secret_key_file and edge.peers.";
  for (const auto& text : x.chat_endpoints)
    if (is_open_to_local_users(text, x))
      out.add(
        "edge.chat_endpoints",
        "\"" + text +
          "\" has no CURVE: every user of this machine can act as the chat server, read all messages and write in the "
          "name of all its users; " +
          std::string{way_out});
  for (const auto& text : x.gateway_endpoints)
    if (is_open_to_local_users(text, x))
      out.add(
        "edge.gateway_endpoints",
        "\"" + text +
          "\" has no CURVE: every user of this machine can act as a gateway, see all that goes to other servers and "
          "answer in their name; " +
          std::string{way_out});
}

void look_at_sockets(look_out& out, const edge_options& x) {
  auto folder = [&](std::string_view key, const std::string& text) {
    if (text.starts_with("ipc://")) out.folder_of(key, text.substr(6), "socket");
  };
  for (const auto& text : x.chat_endpoints) folder("edge.chat_endpoints", text);
  for (const auto& text : x.gateway_endpoints) folder("edge.gateway_endpoints", text);
  folder("edge.admin_endpoint", x.admin_endpoint);
}

void look_at_node_files(look_out& out, const options& x) {
  const auto& data = x.node.data_dir;
  out.folder_of("node.data_dir", data + "/store.db", "store or key");
  out.rights("node.data_dir", data, others_any, ": others may look into this folder: chmod 700 it.");
  const auto key = x.node.signing_key_path();
  out.rights("node.signing_key_file", key, others_any, " is a secret that others have rights to: chmod 600 it.");
  out.folder_of("node.signing_key_file", key, "key");
  if (x.store.is_file()) {
    for (const auto* ending : {"", "-wal", "-shm", "-lock"})
      out.rights("store.path", x.store.path + ending, others_any,
                 ": others have rights to this file, which holds all messages: chmod 600 it.");
    out.folder_of("store.path", x.store.path, "store");
  }
  for (const auto* part : {"", "/blobs", "/incoming", "/media.db", "/media.db-wal", "/media.db-shm"})
    out.rights("media.directory", x.media_path() + part, others_any,
               ": others have rights to this, which holds files of messages: chmod go-rwx it.");
  // A log may well be for a group to read, which collects logs.
  out.rights("log.file", x.log.file, world_any | S_IWGRP,
             ": everybody may read this file, or others may write into it: chmod o-rwx,g-w it.");
}

} // namespace

std::vector<problem> warnings(const options& x, purpose what_for) {
  std::vector<problem> out;
  look_out look{out};
  if (what_for == purpose::node) {
    look_at_endpoints(look, x.edge);
    look_at_sockets(look, x.edge);
    look_at_node_files(look, x);
    if (x.store.engine == store_engine::postgresql && x.media.backend == media_backend::folder &&
        !x.edge.gateway_endpoints.empty())
      look.add("media.directory", x.media_path() +
                                    ": files lie in a folder, and other nodes of the store see them only if all of "
                                    "them have the same one; else set media.backend = \"postgresql\" and say `causeway "
                                    "media copy`.");
  }
  if (x.gateway.plain_http)
    for (const auto& text : x.gateway.listen)
      if (is_remote_endpoint("tcp://" + text))
        look.add(
          "gateway.listen",
          "\"" + text +
            "\" takes plain HTTP from other machines: what comes and goes there can be read and changed on its way; "
            "listen at 127.0.0.1, where the proxy is.");
  if (what_for == purpose::node) {
    if (!x.admin.web_listen.empty() && x.admin.web_token_file.empty())
      look.add("admin.web_listen", "\"" + x.admin.web_listen +
                                     "\" has no token: every user of this machine can read which rooms, servers and "
                                     "users there are; set admin.web_token_file.");
    look.rights("admin.web_token_file", x.admin.web_token_file, others_any,
                " is a secret that others have rights to: chmod 600 it.");
    look.folder_of("admin.web_token_file", x.admin.web_token_file, "token");
  }
  look.rights("edge.curve_secret_key_file", x.edge.curve_secret_key_file, others_any,
              " is a secret that others have rights to: chmod 600 it.");
  look.folder_of("edge.curve_secret_key_file", x.edge.curve_secret_key_file, "key");
  // A certificate's key is often shared with a group of servers.
  look.rights("gateway.private_key_file", x.gateway.private_key_file, world_any | S_IWGRP,
              " is a secret that everybody may read, or others may replace: chmod 600 it.");
  look.rights("gateway.ca_file", x.gateway.ca_file, others_write,
              ": others may write into this file, and so decide whom we trust: chmod go-w it.");
  return out;
}

std::vector<problem> warnings_of_files(const std::vector<std::string>& configuration_files) {
  std::vector<problem> out;
  look_out look{out};
  for (const auto& path : configuration_files)
    look.rights({}, path, others_write,
                ": others may write into this file, and so decide what the broker does: chmod go-w it.");
  return out;
}

} // namespace causeway::config
