#include "config/fields.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace causeway::config {

namespace {

/// Names of an enumeration whose values count from 0 in this order.
constexpr std::array<std::string_view, 3> delivery_detail_names = {"none", "delayed", "all"};
constexpr std::array<std::string_view, 3> notary_service_names = {"none", "cached", "fetched"};
constexpr std::array<std::string_view, 2> store_engine_names = {"sqlite", "postgresql"};
constexpr std::array<std::string_view, 2> media_backend_names = {"folder", "postgresql"};
constexpr std::array<std::string_view, 2> invite_policy_names = {"allow", "block"};
constexpr std::array<std::string_view, 3> drift_policy_names = {"report", "push", "pull"};
constexpr std::array<std::string_view, 2> federating_users_names = {"all", "allowed"};

/// Whether a change of the file counts at SIGHUP.
enum class change : std::uint8_t { at_start, at_reload };

/// Collects the fields of one section; `Part` is its struct.
template <class Part>
class section_fields {
public:
  /// @param counts  when a change of its fields does, unless a field says otherwise
  section_fields(std::vector<field>& out, std::string_view section, Part options::*part,
                 change counts = change::at_start)
      : out_(out), section_(section), part_(part), counts_(counts) {}

  template <class Integer>
    requires std::is_unsigned_v<Integer>
  field& number(std::string_view name, Integer Part::*member, std::uint64_t least, std::uint64_t most,
                std::string_view doc) {
    auto& x = add(name, value_kind::number, doc);
    x.least = least;
    x.most = most;
    x.read = [part = part_, member](const options& o) { return value{std::uint64_t{o.*part.*member}}; };
    x.write = [part = part_, member](options& o, const value& v) {
      o.*part.*member = static_cast<Integer>(std::get<std::uint64_t>(v));
    };
    return x;
  }

  template <class Member>
  field& plain(std::string_view name, Member Part::*member, value_kind kind, std::string_view doc) {
    auto& x = add(name, kind, doc);
    x.read = [part = part_, member](const options& o) { return value{o.*part.*member}; };
    x.write = [part = part_, member](options& o, const value& v) { o.*part.*member = std::get<Member>(v); };
    return x;
  }
  field& text(std::string_view name, std::string Part::*member, std::string_view doc) {
    return plain(name, member, value_kind::text, doc);
  }
  field& choice(std::string_view name, std::string Part::*member, std::vector<std::string_view> choices,
                std::string_view doc) {
    auto& x = text(name, member, doc);
    x.choices = std::move(choices);
    return x;
  }
  field& flag(std::string_view name, bool Part::*member, std::string_view doc) {
    return plain(name, member, value_kind::flag, doc);
  }
  void list(std::string_view name, std::vector<std::string> Part::*member, std::string_view doc) {
    plain(name, member, value_kind::list, doc);
  }

  template <class Enum, std::size_t N>
  void enumeration(std::string_view name, Enum Part::*member, const std::array<std::string_view, N>& names,
                   std::string_view doc) {
    auto& x = add(name, value_kind::text, doc);
    x.choices.assign(names.begin(), names.end());
    x.read = [part = part_, member, &names](const options& o) {
      return value{std::string{names.at(static_cast<std::size_t>(o.*part.*member))}};
    };
    x.write = [part = part_, member, &names](options& o, const value& v) {
      auto at = std::find(names.begin(), names.end(), std::get<std::string>(v));
      o.*part.*member = static_cast<Enum>(at - names.begin());
    };
  }

  field& add(std::string_view name, value_kind kind, std::string_view doc) {
    auto& x = out_.emplace_back();
    x.section = section_;
    x.name = name;
    x.kind = kind;
    x.doc = doc;
    x.is_reloadable = counts_ == change::at_reload;
    return x;
  }

private:
  std::vector<field>& out_;
  std::string_view section_;
  Part options::*part_;
  const change counts_;
};

void add_node(std::vector<field>& out) {
  section_fields<node_options> s{out, "node", &options::node};
  s.text("server_name", &node_options::server_name,
         "Our name in the federation, the part after the colon of every local id. A used store refuses another one.")
    .required = true;
  s.text("name", &node_options::name,
         "What this node is called among those that share its store, in `causeway cluster status`. Empty: as the "
         "machine.");
  s.flag(
    "standby", &node_options::standby,
    "Where another node serves the store (store.engine = \"postgresql\"), stand by and take its place when it ends. "
    "false: do not start then.");
  s.text("data_dir", &node_options::data_dir, "Directory of the store and the signing key.");
  s.text("signing_key_file", &node_options::signing_key_file,
         "File with our signing key, as Synapse writes it. Made at the first start. Empty: signing.key in data_dir.");
  s.number("worker_threads", &node_options::worker_threads, 0, 256, "Threads that run actors. 0: one per core.");
  s.number("stop_timeout_s", &node_options::stop_timeout_s, 1, 600, "How long a stop waits for open work.");
  s.number(
    "hops_kept_mib", &node_options::hops_kept_mib, 0, 4'096,
    "Memory for the ways of events of the last hour, which `causeway why` shows; taken as it is needed. An event "
    "takes about 1 KiB, and some 500 bytes more for each server it goes to. 0: they are not kept.");
}

void add_edge(std::vector<field>& out) {
  section_fields<edge_options> s{out, "edge", &options::edge};
  s.list(
    "chat_endpoints", &edge_options::chat_endpoints,
    "Where chat servers connect. ipc:// needs no CURVE; loopback tcp:// without it lets every user of this machine act "
    "as the chat server; anything else needs it. With gateway_endpoints, a node that stands by takes chat servers as "
    "well and passes them on to the first tcp:// address here of the one that serves: one that they reach, without "
    "*.");
  s.list(
    "gateway_endpoints", &edge_options::gateway_endpoints,
    "Where gateways of other processes connect, as for chat_endpoints. The built-in gateway needs none. Where nodes "
    "share a store, those that stand by pass requests of other servers on to this address of the one that serves: "
    "one that they reach, without *.");
  s.text(
    "gateway_address", &edge_options::gateway_address,
    "Where the other nodes of the store reach gateway_endpoints, when that is not what stands there (behind address "
    "translation, in a container): tcp://host:port. Empty: as there.");
  s.text("chat_address", &edge_options::chat_address, "The same of chat_endpoints.");
  s.text("admin_endpoint", &edge_options::admin_endpoint,
         "Where the operator's command `causeway` connects: ipc://, or tcp:// with CURVE. Empty: nowhere.");
  s.text("curve_secret_key_file", &edge_options::curve_secret_key_file,
         "File with our CURVE secret key (Z85, mode 0600). Required for an endpoint that other machines reach.");
  auto& peers = s.add("peers", value_kind::records,
                      "CURVE keys that may connect, and as whom. The role is chat, gateway, inspector, admin or node: "
                      "another node of this homeserver, by its node.name.");
  peers.record_keys = {"public_key", "name", "role"};
  peers.is_reloadable = true;
  peers.read = [](const options& o) {
    std::vector<record> list;
    for (const auto& x : o.edge.peers)
      list.push_back({{"public_key", x.public_key}, {"name", x.name}, {"role", x.role}});
    return value{std::move(list)};
  };
  peers.write = [](options& o, const value& v) {
    o.edge.peers.clear();
    for (const auto& x : std::get<std::vector<record>>(v)) {
      auto& peer = o.edge.peers.emplace_back();
      auto take = [&x](std::string_view key, std::string& into) {
        if (auto at = x.find(key); at != x.end()) into = at->second;
      };
      take("public_key", peer.public_key);
      take("name", peer.name);
      take("role", peer.role);
    }
  };
  s.number(
    "streams", &edge_options::streams, 1, 64,
    "Durable notification streams; a room belongs to one by the hash of its id. A used store refuses another number.");
  s.number("command_credit", &edge_options::command_credit, 1, 100'000, "Commands that one peer may have open.");
  s.number("event_credit_max", &edge_options::event_credit_max, 1, 1'000'000,
           "Most notifications in flight to a peer, whatever it grants.");
  s.number("heartbeat_ms", &edge_options::heartbeat_ms, 100, 600'000, "Interval of ZeroMQ's heartbeats and of PING.");
  s.number("peer_timeout_ms", &edge_options::peer_timeout_ms, 300, 3'600'000,
           "Silence after which a peer counts as gone.");
  s.number("high_water_mark", &edge_options::high_water_mark, 100, 10'000'000,
           "ZeroMQ's bound on queued messages of a peer. Only a fuse: credit bounds them first.");
  s.number("outbox_retention_days", &edge_options::outbox_retention_days, 0, 3'650,
           "How long acknowledged notifications are kept for SEEK.")
    .is_reloadable = true;
  s.number("command_retention_days", &edge_options::command_retention_days, 30, 3'650,
           "How long a repeated command id gets its first answer.")
    .is_reloadable = true;
  s.number("dead_letter_retention_days", &edge_options::dead_letter_retention_days, 1, 3'650,
           "How long notifications are kept that the chat server has refused for good.")
    .is_reloadable = true;
}

void add_admin(std::vector<field>& out) {
  section_fields<admin_options> s{out, "admin", &options::admin};
  s.text("web_listen", &admin_options::web_listen,
         "Where the web inspector, the metrics and the health checks are served: ip:port, or a port alone, which is "
         "one of 127.0.0.1. Plain HTTP. Empty: nowhere.");
  s.text("web_token_file", &admin_options::web_token_file,
         "File with the token that operators and Prometheus show, 16 bytes at least, mode 0600. Without one the page "
         "only reads. Required where other machines reach web_listen.");
  s.list("web_hosts", &admin_options::web_hosts,
         "Host names under which a proxy hands requests on to web_listen. Addresses and localhost need none.");
  s.list("metrics_servers", &admin_options::metrics_servers,
         "Servers of which a metric tells when the last event came from them and went to them, at most 64.");
}

void add_gateway(std::vector<field>& out) {
  section_fields<gateway_options> s{out, "gateway", &options::gateway};
  s.list("listen", &gateway_options::listen,
         "Addresses to listen on, ip:port. Empty: no gateway in this process; start `causeway gateway` elsewhere.");
  s.text("certificate_file", &gateway_options::certificate_file,
         "Certificate chain for the server name, PEM. Required unless plain_http.");
  s.text("private_key_file", &gateway_options::private_key_file, "Its private key, PEM.");
  s.flag("plain_http", &gateway_options::plain_http,
         "Speak plain HTTP behind a reverse proxy. The proxy must pass the raw path on and serve TLS itself.");
  s.text("ca_file", &gateway_options::ca_file,
         "CA certificates to trust for outgoing requests, PEM, in place of the system's. Empty: the system's.");
  s.list("allowed_networks", &gateway_options::allowed_networks,
         "Networks (CIDR) that outgoing requests may reach although they are private, loopback or link-local.");
  s.number("threads", &gateway_options::threads, 1, 64, "Threads that serve HTTPS.");
  s.number(
    "connections_max", &gateway_options::connections_max, 1, 100'000,
    "Inbound connections, at most as many as the process may open descriptors for. Beyond it the oldest unfinished "
    "handshake gives way, then those that never sent a request, then idle ones.");
  s.number(
    "connections_per_address_max", &gateway_options::connections_per_address_max, 1, 100'000,
    "Inbound connections of one address (of IPv6 the /64), at most half of all. Not counted with plain_http: there all "
    "come from the proxy.");
  s.number("connections_per_destination_max", &gateway_options::connections_per_destination_max, 1, 64,
           "Outbound connections to one server.");
  s.number("idle_timeout_s", &gateway_options::idle_timeout_s, 5, 3'600, "How long an idle connection is kept.");
  s.number("request_read_timeout_s", &gateway_options::request_read_timeout_s, 1, 600,
           "How long a client may take to send one whole request.");
  s.number("connect_timeout_ms", &gateway_options::connect_timeout_ms, 100, 120'000, "Outbound TCP and TLS handshake.");
  s.number("answer_timeout_s", &gateway_options::answer_timeout_s, 1, 600,
           "How long an inbound request waits for the node before it is answered with 504.");
  s.number("pending_requests_max", &gateway_options::pending_requests_max, 1, 1'000'000,
           "Inbound requests that may wait for the node; further ones are answered with 429.");
  s.number(
    "inbound_bodies_mib", &gateway_options::inbound_bodies_mib, 16, 65'536,
    "Memory for inbound request bodies over 64 KiB, of all connections together, until they are answered; further ones "
    "are answered with 429.");
  s.number("streams_max", &gateway_options::streams_max, 1, 100'000,
           "Files that may be sent to other servers at once; further ones are answered with 429. Each takes 256 KiB of "
           "memory.");
  s.number(
    "answers_mib", &gateway_options::answers_mib, 16, 65'536,
    "Memory for answers over 16 KiB, of all connections together, until they are read; further ones become 429.");
  s.number("answers_per_peer_mib", &gateway_options::answers_per_peer_mib, 1, 65'536,
           "The same of one address (of IPv6 the /64) and of one server. A single answer passes whatever its size.");
  s.number(
    "answer_bytes_per_second_min", &gateway_options::answer_bytes_per_second_min, 1, 1'000'000'000,
    "A client that reads an answer slower, over 10 seconds, is cut off. Eight times as much while half of answers_mib "
    "is held.");
  s.text("well_known_server", &gateway_options::well_known_server,
         "What GET /.well-known/matrix/server answers, host or host:port. Empty: 404.");
  s.text("dns_server", &gateway_options::dns_server,
         "Resolver for SRV records and addresses, ip:port. Empty: the system's.");
}

void add_federation(std::vector<field>& out) {
  section_fields<federation_options> s{out, "federation", &options::federation, change::at_reload};
  s.text("room_version", &federation_options::room_version,
         "Version of the rooms we create. Servers of before autumn 2025 may not know 12: 11 is for their company.");
  s.text("room_version_min", &federation_options::room_version_min,
         "A room whose version an invited server does not know is founded again in an older one, down to this, while "
         "nobody else has seen it. The same as room_version: never.");
  s.number("retry_delay_ms_min", &federation_options::retry_delay_ms_min, 10, 60'000,
           "First pause before a server that failed is tried again; it doubles with each failure.");
  s.number("retry_delay_ms_max", &federation_options::retry_delay_ms_max, 100, 86'400'000,
           "Longest pause during the first day of failures.");
  s.number("retry_delay_late_ms", &federation_options::retry_delay_late_ms, 100, 86'400'000,
           "Pause after a day of failures. Nothing is ever dropped.");
  s.number("retry_jitter_percent", &federation_options::retry_jitter_percent, 0, 50,
           "How much each pause varies at random, either way.");
  s.number("send_timeout_ms", &federation_options::send_timeout_ms, 1'000, 600'000,
           "One transaction to another server.");
  s.number("request_timeout_ms", &federation_options::request_timeout_ms, 1'000, 600'000, "Any other request.");
  s.number("make_join_timeout_ms", &federation_options::make_join_timeout_ms, 1'000, 600'000,
           "First half of joining a room through one server, before the next is asked.");
  s.number("send_join_timeout_ms", &federation_options::send_join_timeout_ms, 1'000, 3'600'000,
           "Second half of joining a room; large rooms take minutes.");
  s.number("queue_memory_pdus_max", &federation_options::queue_memory_pdus_max, 50, 100'000,
           "Queued events of one server kept in memory; the rest waits in the store.");
  s.number("queue_edus_max", &federation_options::queue_edus_max, 1, 10'000,
           "Queued ephemeral items of one server; the oldest are dropped beyond.");
  s.number("key_lifetime_h", &federation_options::key_lifetime_h, 1, 168,
           "How long other servers may keep our verify key.");
  s.number("key_fetch_timeout_ms", &federation_options::key_fetch_timeout_ms, 1'000, 120'000,
           "How long a server may take to tell its own keys, before notaries are asked.");
  s.number("key_fetch_retry_ms", &federation_options::key_fetch_retry_ms, 100, 3'600'000,
           "Pause after the keys of a server could not be fetched; it doubles with each failure.");
  s.number("key_fetch_retry_ms_max", &federation_options::key_fetch_retry_ms_max, 100, 86'400'000,
           "Longest such pause.");
  s.list("trusted_key_servers", &federation_options::trusted_key_servers,
         "Notary servers, asked in this order for the keys of a server that does not tell them itself.");
  s.number("notary_timeout_ms", &federation_options::notary_timeout_ms, 1'000, 120'000,
           "How long a notary may take to answer.");
  s.number("catch_up_after_ms", &federation_options::catch_up_after_ms, 1'000, 604'800'000,
           "A server that could not be reached for so long, and has much to catch up on, gets the newest event of each "
           "room first.");
  s.number("catch_up_pdus_min", &federation_options::catch_up_pdus_min, 1, 1'000'000,
           "Much to catch up on: as many queued events. Fewer are sent in order.");
  s.number("policy_server_timeout_ms", &federation_options::policy_server_timeout_ms, 1'000, 120'000,
           "How long a room's policy server may take to sign an event; it is asked twice.");
  s.list("allow_servers", &federation_options::allow_servers,
         "Servers we federate with; * and ? stand for any text and any character, and a name without a port for all "
         "ports. Empty: all. `federation.configure` of the chat server prevails (allow).");
  s.list("deny_servers", &federation_options::deny_servers,
         "Servers we never federate with, written the same way. `federation.configure` of the chat server prevails "
         "(deny).");
}

/// What `federation.configure` of the chat server may set too.
void add_federation_switches(std::vector<field>& out) {
  section_fields<federation_options> s{out, "federation", &options::federation, change::at_reload};
  s.flag("enabled", &federation_options::enabled,
         "Whether we federate at all. False: nothing is sent to other servers and nothing taken from them; what is "
         "owed to them waits. What the chat server has set by `federation.configure` prevails over this option and "
         "the five after it.");
  s.flag("typing", &federation_options::typing, "Whether who types is told, both ways.");
  s.flag("receipts", &federation_options::receipts,
         "Whether who has read what is told, both ways. What our users read is kept in any case.");
  s.flag("presence", &federation_options::presence, "Whether who is there is told, both ways.");
  s.enumeration("invites", &federation_options::invites, invite_policy_names,
                "Invitations from other servers: let in, or answered with M_INVITE_BLOCKED.");
  s.enumeration("users_may_federate", &federation_options::users_may_federate, federating_users_names,
                "Which of our users may be in rooms that federate: all but those of whom `user.may_federate` says no, "
                "or only those of whom it says yes.");
}

void add_federation_inbound(std::vector<field>& out) {
  section_fields<federation_options> s{out, "federation", &options::federation, change::at_reload};
  s.number("inbound_requests_per_second", &federation_options::inbound_requests_per_second, 1, 100'000,
           "Requests of one server answered per second, transactions apart; further ones are answered with 429.");
  s.number("inbound_requests_burst", &federation_options::inbound_requests_burst, 1, 1'000'000,
           "Requests of one server that may come at once after a pause.");
  s.number("inbound_answers_mib_per_second", &federation_options::inbound_answers_mib_per_second, 1, 100'000,
           "MiB answered to one server per second; while it has had more its requests are answered with 429.");
  s.number("inbound_answers_mib_burst", &federation_options::inbound_answers_mib_burst, 1, 1'000'000,
           "MiB that may be answered to one server at once after a pause.");
  s.number(
    "inbound_history_requests_max", &federation_options::inbound_history_requests_max, 1, 1'000,
    "Questions of one server about state and history that are worked on at once; further ones wait, up to a hundred, "
    "then get 429.");
  s.enumeration(
    "notary", &federation_options::notary, notary_service_names,
    "What other servers get when they ask us for the keys of third ones: nothing, what is kept here, or, for a server "
    "that says "
    "who it is, also what has to be fetched.");
  s.number("notary_requests_per_second", &federation_options::notary_requests_per_second, 1, 100'000,
           "Such questions of one address (of IPv6 the /64) that are answered per second; further ones get 429.");
  s.number("notary_requests_burst", &federation_options::notary_requests_burst, 1, 1'000'000,
           "Such questions of one address that may come at once after a pause.");
  s.number(
     "fan_out_per_second", &federation_options::fan_out_per_second, 10, 1'000'000,
     "Servers that are handed an event per second when it is for more than 64 of them; those that were active last "
     "come first, and those that were not active within ten seconds begin with 200 and get faster as they answer. "
     "Keeps a room of thousands of servers from delaying the others.")
    .is_reloadable = false; // the supervisor has it from the start
  s.number(
    "fan_out_part", &federation_options::fan_out_part, 1, 10'000,
    "Servers that an event is queued for at once. Where a room has more, those that have answered lately come first, "
    "and the others follow in parts of as many, a few milliseconds apart, so that one message to thousands of "
    "servers does not hold up the store.");
  s.flag("public_directory", &federation_options::public_directory,
         "Whether other servers may list our public rooms. False: they are told M_FORBIDDEN.");
  s.flag("ask_user", &federation_options::ask_user,
         "Whether the chat server is asked (ask.user) for users of ours it has not told of, when another server wants "
         "to see or invite one. False: there is no such user.");
  s.number("ask_user_timeout_ms", &federation_options::ask_user_timeout_ms, 100, 30'000,
           "How long its answer is waited for. Then the other server is told to come again later.");
  s.number("ask_user_cache_s", &federation_options::ask_user_cache_s, 1, 86'400,
           "How long a user the chat server does not have is not asked for again.");
  s.flag("profiles_need_shared_room", &federation_options::profiles_need_shared_room,
         "Whether only servers that share a room with a user are told their name and picture, and whether they exist. "
         "Others are answered with M_FORBIDDEN, whoever they ask for. False by default: servers ask before they invite "
         "somebody, and show their people what they are told.")
    .is_reloadable = false; // who is in which room is gathered as the rooms are loaded
  s.enumeration(
    "delivery_notifications", &federation_options::delivery_notifications, delivery_detail_names,
    "Which delivery.changed notifications the chat server gets: none, those of servers that could not be reached at "
    "the first attempt, or all.");
}

void add_actors(std::vector<field>& out) {
  section_fields<room_options> r{out, "room", &options::room, change::at_reload};
  r.number("idle_s", &room_options::idle_s, 1, 86'400, "A room without work leaves memory after that.").is_reloadable =
    false;
  r.number("state_group_full_every", &room_options::state_group_full_every, 1, 1'000,
           "Stored states between full copies; those between are differences.")
    .is_reloadable = false;
  r.number("recent_events_max", &room_options::recent_events_max, 16, 100'000,
           "Events of a room whose states stay in memory.")
    .is_reloadable = false;
  r.number("pending_pdus_max", &room_options::pending_pdus_max, 50, 1'000'000,
           "Events a room works on at once, half of them of one server, before it answers that it is overloaded.");
  r.number("missing_events_limit", &room_options::missing_events_limit, 1, 100,
           "Events asked for at once to close a gap.");
  r.number("missing_events_rounds", &room_options::missing_events_rounds, 1, 10'000,
           "Times a gap is asked for before the state is fetched instead.");
  r.number(
    "left_room_served_h", &room_options::left_room_served_h, 0, 720,
    "So long the servers that were in a room when the last of our users left it are told what leads to that leave. Who "
    "is in the room later is not known here. 0: not at all.");
  r.number("inbox_retry_ms", &room_options::inbox_retry_ms, 100, 3'600'000,
           "Pause before a gap that could not be closed is tried again; it doubles, up to an hour.");
  r.number(
    "omit_members_above", &room_options::omit_members_above, 0, 1'000'000,
    "A room with more members is joined without them at first, when the other server can; they follow. The same is "
    "answered to servers that join through us and ask for it.");
  r.number("backfill_on_join", &room_options::backfill_on_join, 0, 10'000, "Events of history fetched after a join.");
  r.enumeration("permission_drift", &room_options::permission_drift, drift_policy_names,
                "What is done when people of other servers take power from ours in a room of ours: the chat server is "
                "told and decides (report); or besides one of ours gives the role again who still may, three times in "
                "ten minutes at most (push); or the chat server is told to take over what the room says (pull).");
  r.text("service_user", &room_options::service_user,
         "Localpart of a user of this server who founds every channel that is made here, stands above everybody in it "
         "and is in it as long as any of our users: with them an owner can take a role from another owner, and from "
         "whoever has made the channel. Nobody else may have it. Empty: whoever makes a channel founds it.");

  section_fields<invitation_options> i{out, "invitation", &options::invitation, change::at_reload};
  i.number("lifetime_h", &invitation_options::lifetime_h, 0, 87'600,
           "An unanswered outgoing invitation expires. 0: never.");
  i.number("give_up_h", &invitation_options::give_up_h, 1, 8'760,
           "An invitation that never reached the other server has failed after that.");
  i.number("retry_delay_ms_min", &invitation_options::retry_delay_ms_min, 10, 60'000,
           "First pause before an invitation is sent again; it doubles with each failure.");
  i.number("retry_delay_ms_max", &invitation_options::retry_delay_ms_max, 100, 86'400'000, "Longest pause.");
  i.number(
    "knock_check_s", &invitation_options::knock_check_s, 1, 86'400,
    "How often the room's server is asked whether a knock of one of ours is still open: many servers tell nobody "
    "that they have rejected it.");
  i.number("queue_wait_ms", &invitation_options::queue_wait_ms, 0, 120'000,
           "How long an invitation waits at most until what was said before it has been sent to the same server.");
  i.number("inbound_burst", &invitation_options::inbound_burst, 1, 1'000'000,
           "Invitations of one server to our users that may come at once after a pause; further ones are answered with "
           "429, or told later where they come with a room we are in.");
  i.number("inbound_per_hour", &invitation_options::inbound_per_hour, 1, 1'000'000, "How many of them may follow.");
  i.number("inbound_per_user_burst", &invitation_options::inbound_per_user_burst, 1, 1'000'000,
           "The same for one server and one of our users.");
  i.number("inbound_per_user_per_hour", &invitation_options::inbound_per_user_per_hour, 1, 1'000'000,
           "How many of them may follow.");

  section_fields<supervisor_options> v{out, "supervisor", &options::supervisor};
  v.number("restart_limit", &supervisor_options::restart_limit, 1, 100,
           "Failures within the window before an actor is parked: commands for it are refused, its other input is kept "
           "(parked_input_max), and the others go on.");
  v.number("restart_window_s", &supervisor_options::restart_window_s, 1, 3'600, "That window.");
  v.number("restart_delay_ms", &supervisor_options::restart_delay_ms, 0, 60'000,
           "Pause before the first restart; it doubles with each.");
  v.number("parked_input_max", &supervisor_options::parked_input_max, 0, 100'000,
           "Messages kept for a parked actor; further ones are dropped (N705 of the log).");
}

void add_media(std::vector<field>& out) {
  section_fields<media_options> s{out, "media", &options::media};
  constexpr std::uint64_t file_bytes_max = std::uint64_t{4} << 30U;
  s.enumeration("backend", &media_options::backend, media_backend_names,
                "Where files are: in a folder, or in the PostgreSQL database of the store (store.url), where the next "
                "node finds them when this one is gone. `causeway media copy` takes those of a folder there.");
  s.text("directory", &media_options::directory,
         "Folder of the files and of what is known about them. Empty: media in node.data_dir.");
  s.number("upload_bytes_max", &media_options::upload_bytes_max, 1'024, file_bytes_max,
           "Size of one file of the chat server.");
  s.number("remote_bytes_max", &media_options::remote_bytes_max, 1'024, file_bytes_max,
           "Size of one file of another server; larger ones are not fetched.");
  s.number("cache_bytes_max", &media_options::cache_bytes_max, 1'048'576, std::uint64_t{1} << 50U,
           "Size of all copies of other servers' files and of all thumbnails; the longest unused go first.");
  s.number("thumbnail_pixels_max", &media_options::thumbnail_pixels_max, 10'000, 400'000'000,
           "Width times height of a picture of which a thumbnail is made; decoding it takes 4 bytes each.");
  s.number("fetch_timeout_s", &media_options::fetch_timeout_s, 5, 280,
           "How long fetching a file of another server may take, from asking to its last byte.");
  s.number("upload_lifetime_h", &media_options::upload_lifetime_h, 1, 720,
           "How long the next part of an upload is waited for before the parts are thrown away.");
}

void add_store(std::vector<field>& out) {
  section_fields<store_options> s{out, "store", &options::store};
  s.enumeration("engine", &store_options::engine, store_engine_names,
                "Where the store is: in a file of SQLite's on this machine, or in a PostgreSQL database.");
  s.text("url", &store_options::url,
         "Connection URI of the PostgreSQL database, such as postgresql:///causeway?host=/run/postgresql. It must hold "
         "no password: name a file with one by passfile=FILE, or use ~/.pgpass.");
  s.text("path", &store_options::path,
         "Database file; files with the endings -wal, -shm and -lock appear beside it. Follows data_dir where that "
         "alone is set.");
  s.flag(
    "new_beside_key", &store_options::new_beside_key,
    "Whether a new store may be made although the signing key exists already, as at the first start with a key made "
    "elsewhere. False: the store is taken to be lost, and the broker does not start.");
  s.number("cache_kib", &store_options::cache_kib, 1'024, 4'194'304, "Page cache of the writing connection.");
  s.number("reader_cache_kib", &store_options::reader_cache_kib, 512, 4'194'304,
           "Page cache of the reading connection.");
  s.number("busy_timeout_ms", &store_options::busy_timeout_ms, 0, 60'000,
           "How long a file lock of another program (a backup) is waited for.");
  s.number("checkpoint_pages", &store_options::checkpoint_pages, 100, 1'000'000,
           "Pages of 4 KiB in the write-ahead log before it is copied into the file.");
  s.number("group_batches_max", &store_options::group_batches_max, 1, 10'000, "Batches that share one commit.");
  s.number("group_bytes_max", &store_options::group_bytes_max, 4'096, std::uint64_t{1} << 32U,
           "Size of the batches that share one commit; at least one batch is always taken.");
  s.number("queue_items_max", &store_options::queue_items_max, 100, 10'000'000,
           "Batches and questions that may wait before new ones are refused as overloaded.");
  s.number("queue_bytes_max", &store_options::queue_bytes_max, 65'536, std::uint64_t{1} << 36U,
           "Size of the batches that may wait before new ones are refused as overloaded.");
  s.number("received_transaction_retention_h", &store_options::received_transaction_retention_h, 24, 168,
           "How long a repeated transaction of another server gets its first answer.")
    .is_reloadable = true;
}

void add_log(std::vector<field>& out) {
  section_fields<log_options> s{out, "log", &options::log};
  s.choice("level", &log_options::level, {"debug", "info", "warning", "error"}, "Least level that is written.")
    .is_reloadable = true;
  s.choice("format", &log_options::format, {"json", "text"}, "One JSON object a line, or text for reading.");
  s.text("file", &log_options::file, "Where to write. Empty: standard error.");
}

} // namespace

std::string_view describe(value_kind kind) {
  switch (kind) {
  case value_kind::flag: return "true or false";
  case value_kind::number: return "a whole number";
  case value_kind::text: return "a text in quotes";
  case value_kind::list: return "a list of texts";
  case value_kind::records: return "a list of tables";
  }
  return "";
}

std::string field::key() const { return std::string{section} + "." + std::string{name}; }

std::span<const section> sections() {
  static constexpr std::array<section, 11> all = {{
    {"node", "This broker as a whole."},
    {"edge", "The ZeroMQ side: chat servers, gateways of other processes and the operator's command."},
    {"admin", "What operators and their monitoring see over HTTP: the web inspector, metrics, health."},
    {"gateway", "The HTTPS side, in and out."},
    {"federation", "How we behave towards other servers."},
    {"room", "Rooms."},
    {"invitation", "Invitations that are open."},
    {"supervisor", "What happens when an actor fails."},
    {"media", "Files in messages, ours and those of other servers."},
    {"store", "What is kept on disk, and how."},
    {"log", "The log."},
  }};
  return all;
}

std::span<const field> fields() {
  static const std::vector<field> all = [] {
    std::vector<field> list;
    list.reserve(128);
    add_node(list);
    add_edge(list);
    add_admin(list);
    add_gateway(list);
    add_federation_switches(list);
    add_federation(list);
    add_federation_inbound(list);
    add_actors(list);
    add_media(list);
    add_store(list);
    add_log(list);
    return list;
  }();
  return all;
}

const field* find_field(std::string_view key) {
  for (const auto& x : fields())
    if (key.size() == x.section.size() + 1 + x.name.size() && key.starts_with(x.section) &&
        key[x.section.size()] == '.' && key.ends_with(x.name))
      return &x;
  return nullptr;
}

std::string_view unit_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> units = {{
    {"_ms", "milliseconds"},
    {"_s", "seconds"},
    {"_h", "hours"},
    {"_days", "days"},
    {"_percent", "percent"},
    {"_bytes", "bytes"},
    {"_kib", "KiB"},
    {"_mib", "MiB"},
  }};
  for (std::string_view qualifier : {"_max", "_min"})
    if (name.ends_with(qualifier)) name.remove_suffix(qualifier.size());
  for (const auto& [suffix, unit] : units)
    if (name.ends_with(suffix)) return unit;
  return {};
}

std::string describe(const field& of) {
  std::string about{of.doc};
  const auto unit = unit_of(of.name);
  if (of.kind == value_kind::number) {
    about += " Range " + std::to_string(of.least) + ".." + std::to_string(of.most) + (unit.empty() ? "" : " ") +
             std::string{unit} + ".";
  } else if (!of.choices.empty()) {
    about += " One of:";
    for (auto choice : of.choices) about += " " + std::string{choice};
    about += ".";
  }
  if (of.is_reloadable) about += " [reload]";
  return about;
}

namespace {

std::string quoted_choices(const std::vector<std::string_view>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += "\"" + std::string{choices[i]} + "\"";
  }
  return text;
}

std::string in_quotes(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20 || byte == 0x7f) ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else out += c;
  }
  return out += '"';
}

} // namespace

std::string check(const field& of, const value& x) {
  if (x.index() != static_cast<std::size_t>(of.kind)) return "must be " + std::string{describe(of.kind)} + ".";
  if (const auto* number = std::get_if<std::uint64_t>(&x); number && (*number < of.least || *number > of.most)) {
    auto unit = unit_of(of.name);
    return std::to_string(*number) + " is out of range: it must lie in " + std::to_string(of.least) + ".." +
           std::to_string(of.most) + (unit.empty() ? "" : " ") + std::string{unit} + ".";
  }
  if (const auto* text = std::get_if<std::string>(&x);
      text && !of.choices.empty() && std::find(of.choices.begin(), of.choices.end(), *text) == of.choices.end())
    return "\"" + *text + "\" is none of the choices: " + quoted_choices(of.choices) + ".";
  return {};
}

std::string to_toml(const value& x) {
  if (const auto* flag = std::get_if<bool>(&x)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::uint64_t>(&x)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&x)) return in_quotes(*text);
  std::string out = "[";
  auto separate = [&out, first = true]() mutable {
    if (!std::exchange(first, false)) out += ", ";
  };
  if (const auto* list = std::get_if<std::vector<std::string>>(&x))
    for (const auto& item : *list) {
      separate();
      out += in_quotes(item);
    }
  if (const auto* list = std::get_if<std::vector<record>>(&x))
    for (const auto& item : *list) {
      separate();
      out += "{ ";
      std::string_view comma;
      for (const auto& [key, text] : item) {
        ((out += comma) += key) += " = " + in_quotes(text);
        comma = ", ";
      }
      out += " }";
    }
  return out += "]";
}

} // namespace causeway::config
