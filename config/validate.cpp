#include "config/validate.hpp"

#include "config/contradictions.hpp"
#include "config/endpoints.hpp"
#include "config/fields.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/room_version.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace causeway::config {

namespace {

class report {
public:
  explicit report(std::vector<problem>& out) : out_(out) {}
  void add(std::string_view key, std::string what) { out_.push_back({std::string{key}, {}, std::move(what)}); }
  /// Adds the fault of `x`, if it is one. @returns whether it was fine.
  bool check(std::string_view key, const status& x) {
    if (!x) add(key, x.error().detail);
    return static_cast<bool>(x);
  }

private:
  std::vector<problem>& out_;
};

void check_server_names(report& r, std::string_view key, const std::vector<std::string>& names) {
  for (const auto& x : names)
    if (!matrix::is_server_name(x)) r.add(key, "\"" + x + "\" is no server name; write host or host:port.");
}

void check_globs(report& r, std::string_view key, const std::vector<std::string>& globs) {
  for (const auto& x : globs)
    if (x.empty() || x.size() > 255 || x.find_first_of(" \t\n/@#!") != std::string::npos)
      r.add(key, "\"" + x + "\" is no server name, nor one with * or ? in it.");
}

void check_node(report& r, const node_options& x) {
  if (x.server_name.empty())
    r.add("node.server_name", "is required: your name in the federation, such as \"chat.example.org\".");
  else if (!matrix::is_server_name(x.server_name))
    r.add("node.server_name",
          "\"" + x.server_name +
            "\" is no server name: write host or host:port, with letters, digits, dots and hyphens only.");
  else if (std::any_of(x.server_name.begin(), x.server_name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    r.add("node.server_name",
          "\"" + x.server_name + "\" must be in lower case: other servers compare it byte for byte.");
  if (x.data_dir.empty()) r.add("node.data_dir", "must name a directory.");
}

void check_peers(report& r, const edge_options& x) {
  static constexpr std::array<std::string_view, 5> roles = {"chat", "gateway", "inspector", "admin", "node"};
  std::set<std::string_view> keys;
  for (const auto& peer : x.peers) {
    auto label = "peer \"" + peer.name + "\" ";
    if (peer.name.empty() || peer.name.size() > 128) r.add("edge.peers", "each peer needs a name of 1..128 bytes.");
    if (!is_curve_key(peer.public_key))
      r.add("edge.peers",
            label + "needs a public_key of 40 characters in Z85, as `causeway curve-key FILE` prints it.");
    else if (!keys.insert(peer.public_key).second) r.add("edge.peers", label + "has the public_key of another peer.");
    if (std::find(roles.begin(), roles.end(), peer.role) == roles.end())
      r.add("edge.peers",
            label + "has the unknown role \"" + peer.role + "\": it must be chat, gateway, inspector, admin or node.");
  }
}

void check_admin(report& r, const admin_options& x) {
  if (!x.web_listen.empty()) {
    const auto address = x.web_address();
    if (r.check("admin.web_listen", check_socket_address(address)) && is_remote_endpoint("tcp://" + address) &&
        x.web_token_file.empty())
      r.add("admin.web_listen", "\"" + x.web_listen +
                                  "\" can be reached by other machines and so needs a token: set "
                                  "admin.web_token_file, or use a port of 127.0.0.1.");
  }
  for (const auto& host : x.web_hosts)
    if (host.find(':') != std::string::npos || !matrix::is_server_name(host))
      r.add("admin.web_hosts", "\"" + host + "\" is no host name; write it without a port.");
  check_server_names(r, "admin.metrics_servers", x.metrics_servers);
  if (x.metrics_servers.size() > metrics_servers_max)
    r.add("admin.metrics_servers", "has more than " + std::to_string(metrics_servers_max) + " servers.");
}

void check_edge(report& r, const edge_options& x, bool binds) {
  auto endpoint = [&](std::string_view key, const std::string& text) {
    if (!r.check(key, check_endpoint(text)) || !binds) return;
    if (is_remote_endpoint(text) && x.curve_secret_key_file.empty())
      r.add(key, "\"" + text +
                   "\" can be reached by other machines and so needs CURVE: set edge.curve_secret_key_file and "
                   "edge.peers, or use "
                   "ipc:// or a loopback address.");
    if (key == "edge.admin_endpoint" && text.starts_with("tcp://") && !is_remote_endpoint(text) &&
        x.curve_secret_key_file.empty())
      r.add(key, "\"" + text +
                   "\" has no CURVE: every user of this machine could act as the operator. Use ipc://, or set "
                   "edge.curve_secret_key_file and edge.peers.");
  };
  for (const auto& text : x.chat_endpoints) endpoint("edge.chat_endpoints", text);
  for (const auto& text : x.gateway_endpoints) endpoint("edge.gateway_endpoints", text);
  for (const auto& [key, text] :
       {std::pair{"edge.gateway_address", &x.gateway_address}, std::pair{"edge.chat_address", &x.chat_address}}) {
    if (text->empty() || !r.check(key, check_endpoint(*text))) continue;
    if (!text->starts_with("tcp://") || text->find('*') != std::string::npos)
      r.add(key, "\"" + *text + "\" is no address that other nodes could connect to: write tcp://host:port.");
    else if (x.gateway_endpoints.empty())
      r.add(key, "is told to other nodes only where edge.gateway_endpoints is set: set it, or empty this.");
  }
  if (!x.admin_endpoint.empty()) endpoint("edge.admin_endpoint", x.admin_endpoint);
  if (binds && x.chat_endpoints.empty()) r.add("edge.chat_endpoints", "is empty: no chat server could connect.");
  check_peers(r, x);
}

void check_gateway(report& r, const gateway_options& x, purpose what_for) {
  for (const auto& text : x.listen) r.check("gateway.listen", check_socket_address(text));
  if (x.listen.empty() && what_for == purpose::gateway)
    r.add("gateway.listen", "is empty: other servers could not reach this gateway.");
  if (!x.plain_http && !x.listen.empty()) {
    if (x.certificate_file.empty())
      r.add("gateway.certificate_file",
            "is required: the certificate for the server name (or set gateway.plain_http behind a "
            "reverse proxy, or empty gateway.listen).");
    if (x.private_key_file.empty())
      r.add("gateway.private_key_file", "is required: the private key of the certificate.");
  }
  for (const auto& text : x.allowed_networks) r.check("gateway.allowed_networks", check_network(text));
  if (!x.well_known_server.empty() && !matrix::is_server_name(x.well_known_server))
    r.add("gateway.well_known_server", "\"" + x.well_known_server + "\" must be host or host:port.");
  if (!x.dns_server.empty()) r.check("gateway.dns_server", check_socket_address(x.dns_server));
}

void check_federation(report& r, const federation_options& x) {
  for (const auto& [key, version] : {std::pair{"federation.room_version", &x.room_version},
                                     std::pair{"federation.room_version_min", &x.room_version_min}}) {
    if (matrix::find_room_version(*version)) continue;
    std::string known;
    for (const auto& rules : matrix::room_versions()) known += (known.empty() ? "" : ", ") + std::string{rules.id};
    r.add(key, "\"" + *version + "\" is not known; known are " + known + ".");
  }
  check_server_names(r, "federation.trusted_key_servers", x.trusted_key_servers);
  check_globs(r, "federation.allow_servers", x.allow_servers);
  check_globs(r, "federation.deny_servers", x.deny_servers);
}

void check_store(report& r, const store_options& x) {
  if (x.engine == store_engine::sqlite) {
    if (x.path.empty()) r.add("store.path", "must name a file.");
    if (!x.url.empty())
      r.add("store.url", R"(is for engine = "postgresql"; the engine is "sqlite", so the store would be in a file.)");
    return;
  }
  const bool is_uri = x.url.starts_with("postgresql://") || x.url.starts_with("postgres://");
  if (!is_uri)
    return r.add("store.url",
                 "must be a connection URI of PostgreSQL, such as postgresql:///causeway?host=/run/postgresql.");
  const auto authority =
    x.url.substr(x.url.find("//") + 2, x.url.find('/', x.url.find("//") + 2) - x.url.find("//") - 2);
  const auto user = authority.substr(0, authority.find('@'));
  const bool has_password = (authority.find('@') != std::string::npos && user.find(':') != std::string::npos) ||
                            x.url.find("password=") != std::string::npos;
  if (has_password)
    r.add("store.url", "must hold no password: put it into a file with mode 0600 and name that by ?passfile=FILE.");
}

} // namespace

std::string to_string(const problem& x) {
  std::string out = x.where;
  if (!x.key.empty()) (out += out.empty() ? "" : ": ") += x.key;
  (out += out.empty() ? "" : ": ") += x.what;
  std::string also;
  for (const auto& other : x.others)
    if (!other.where.empty() && other.where != x.where)
      also += (also.empty() ? " (" : ", ") + other.key + ": " + other.where;
  return also.empty() ? out : out + also + ")";
}

std::vector<problem> validate(const options& x, purpose what_for, const set_keys& is_set) {
  const auto differs = [&x, defaults = options{}](std::string_view key) {
    const auto* of = find_field(key);
    return of && of->read(x) != of->read(defaults);
  };
  std::vector<problem> out;
  report r{out};
  const bool node = what_for == purpose::node;
  if (node) check_node(r, x.node);
  check_edge(r, x.edge, node);
  if (node) check_admin(r, x.admin);
  check_gateway(r, x.gateway, what_for);
  if (node) {
    check_federation(r, x.federation);
    check_store(r, x.store);
  }
  for (auto& p : contradictions(x, what_for, is_set ? is_set : differs)) out.push_back(std::move(p));
  return out;
}

} // namespace causeway::config
