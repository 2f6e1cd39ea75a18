#pragma once
#include "plugin/admin/admin_service.hpp"

#include "messages/edge/header.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A service of the operator with a node made of memory.
namespace causeway::admin::testing {

namespace json = causeway::matrix::json;

/// A node made of memory: answers at once, or keeps the questions for later.
struct fake_node : few_services {
  std::int64_t now = 1'700'000'000'000;
  bool answers = true;
  bool actors_hang = false; ///< they never say how they are
  std::vector<store::room_summary> rooms;
  std::vector<store::destination_summary> destinations;
  std::vector<store::put_invitation> invitations;
  std::vector<store::dead_letters_listed::letter> letters;
  std::vector<store::put_audit> audit; ///< the latest first
  store::nodes_listed nodes;
  store::shards_listed shards;
  std::vector<term_row> terms;
  causeway::status upgrade = ok(); ///< what the store says when an upgrade is to be finished
  int upgrades_finished = 0;
  std::optional<bool> drained; ///< whether somebody follows; empty: it was not drained
  std::vector<matrix::event_ptr> events;
  std::string letter_body;
  store::staged_listed staged;
  store::shared_rooms_found shared;
  causeway::status commits = ok();
  std::function<peer_answer(const std::string& server, const peer_request&)> peers;
  std::vector<pdus_received> handed_in;
  causeway::probe::report seen;
  store::destination_loaded destination;
  store::room_loaded room;
  std::string status = R"({"phase":"idle","mailbox":0})";
  std::vector<actor_row> actors;
  result<actors_ranked> ranked = actors_ranked{};
  std::mutex ranks_mutex; ///< some cases ask from several threads
  std::vector<actors_request> ranks_asked;
  std::optional<fault> store_fault;

  std::vector<std::function<void()>> kept; ///< what would have answered
  std::vector<std::pair<address, message>> told;
  std::deque<edge::frame> sent;
  std::vector<address> statuses_asked;

  void later(std::function<void()> x) {
    if (answers) x();
    else kept.push_back(std::move(x));
  }

  store::answer look_up(const store::query& question) const {
    if (store_fault) return *store_fault;
    if (std::holds_alternative<store::list_rooms>(question)) return store::rooms_listed{rooms};
    if (std::holds_alternative<store::list_destinations>(question)) return store::destinations_listed{destinations};
    if (const auto* x = std::get_if<store::find_invitations>(&question)) {
      store::invitations_found found;
      for (const auto& one : invitations)
        if (x->user_id.empty() || x->user_id == one.user_id) found.invitations.push_back(one);
      return found;
    }
    if (std::holds_alternative<store::load_destination>(question)) return destination;
    if (std::holds_alternative<store::load_room>(question)) return room;
    if (const auto* x = std::get_if<store::list_dead_letters>(&question)) {
      store::dead_letters_listed found;
      for (const auto& one : letters)
        if (!x->after || one.at.stream > x->after->stream ||
            (one.at.stream == x->after->stream && one.at.cursor > x->after->cursor))
          if (found.letters.size() < x->limit) found.letters.push_back(one);
      return found;
    }
    if (const auto* x = std::get_if<store::load_dead_letter>(&question)) {
      store::dead_letter_loaded found;
      for (const auto& one : letters)
        if (one.at == x->at) found.letter = one;
      found.body = letter_body;
      return found;
    }
    if (std::holds_alternative<store::list_nodes>(question)) return nodes;
    if (std::holds_alternative<store::list_shards>(question)) return shards;
    if (std::holds_alternative<store::list_audit>(question)) return store::audit_listed{audit};
    if (std::holds_alternative<store::list_staged>(question)) return staged;
    if (std::holds_alternative<store::find_shared_rooms>(question)) return shared;
    if (const auto* x = std::get_if<store::load_events>(&question)) {
      store::events_loaded found;
      for (const auto& one : events)
        if (std::find(x->event_ids.begin(), x->event_ids.end(), one->event_id) != x->event_ids.end())
          found.events.push_back({one, store::verdict::accepted, 0, 0, 0});
      return found;
    }
    return fault{fault_code::internal, "not asked for in this test"};
  }

  /// As the store does: rows of the same number are one.
  void commit(const store::store_batch& batch) {
    for (const auto& one : batch.writes) {
      const auto& row = std::get<store::put_audit>(one);
      std::erase_if(audit, [&](const auto& x) { return x.number == row.number; });
      audit.insert(audit.begin(), row);
    }
  }

  void ask_store(store::query q, std::function<void(store::answer)> then) override {
    later([this, q = std::move(q), then = std::move(then)] { then(look_up(q)); });
  }
  void ask_status(address who, std::function<void(std::string)> then) override {
    if (actors_hang) return;
    statuses_asked.push_back(who);
    later([this, then = std::move(then)] { then(status); });
  }
  void list_actors(std::function<void(std::vector<actor_row>)> then) override {
    later([this, then = std::move(then)] { then(actors); });
  }
  void find_actor(address who, std::function<void(std::vector<actor_row>)> then) override {
    std::vector<actor_row> found;
    for (const auto& row : actors)
      if (row.kind == causeway::name(who.kind) && row.key == who.key) found.push_back(row);
    later([found = std::move(found), then = std::move(then)] { then(found); });
  }
  void rank_actors(actors_request wanted, std::function<void(result<actors_ranked>)> then) override {
    {
      const std::lock_guard guard(ranks_mutex);
      ranks_asked.push_back(std::move(wanted));
    }
    later([this, then = std::move(then)] { then(ranked); });
  }
  void commit(store::store_batch batch, std::function<void(causeway::status)> then) override {
    later([this, batch = std::move(batch), then = std::move(then)] {
      if (commits) commit(batch);
      then(commits);
    });
  }
  void probe(std::string server, std::function<void(causeway::probe::report)> then) override {
    auto report = seen;
    report.server_name = std::move(server);
    then(std::move(report));
  }
  void ask_peer(std::string server, peer_request question, std::function<void(peer_answer)> then) override {
    auto answer = peers ? peers(server, question) : peer_answer{};
    answer.server_name = std::move(server);
    then(std::move(answer));
  }
  void hand_in(std::string, pdus_received events_of, std::function<void(pdus_handled)> then) override {
    handed_in.push_back(std::move(events_of));
    then({});
  }
  void list_terms(std::size_t limit, std::function<void(result<std::vector<term_row>>)> then) override {
    then(std::vector<term_row>(terms.begin(), terms.begin() + std::ptrdiff_t(std::min(limit, terms.size()))));
  }
  causeway::status drain(bool has_successor, const std::string&) override {
    drained = has_successor;
    return ok();
  }
  void finish_upgrade(std::function<void(causeway::status)> then) override {
    if (upgrade) ++upgrades_finished;
    then(upgrade);
  }
  void tell(address to, message body) override { told.emplace_back(std::move(to), std::move(body)); }
  void send(edge::connection, edge::frame f) override { sent.push_back(std::move(f)); }
  std::int64_t now_ms() override { return now; }
};

struct fixture {
  fake_node node;
  admin_service service{{"chat.example", "0.1.0", "ed25519:a1", "PUBLIC"}, node};
  edge::connection operator_{0, "op", edge::role::admin, {}};

  /// What changes something has a reason, unless `with` says otherwise.
  void send(std::string_view command, arguments with = {}, std::string id = "1") {
    if (with.reason.empty()) with.reason = "test";
    edge::command_header header;
    header.id = std::move(id);
    header.command = command;
    service.on_frame(operator_, {edge::verb::command, edge::encode_header(header), encode_arguments(with)});
  }
  /// The oldest RESULT: whether it is ok, and its JSON.
  std::pair<bool, json::value> take() {
    BOOST_REQUIRE(!node.sent.empty());
    auto frame = std::move(node.sent.front());
    node.sent.pop_front();
    BOOST_REQUIRE((frame.what == edge::verb::result));
    auto header = edge::decode_header<edge::result_header>(frame.header);
    BOOST_REQUIRE(header);
    auto body = json::parse(frame.body);
    BOOST_REQUIRE(body);
    return {header->ok, std::move(*body)};
  }
  json::value ask(std::string_view command, const arguments& with = {}) {
    send(command, with);
    auto [succeeded, body] = take();
    BOOST_TEST_REQUIRE(succeeded, json::canonical(body));
    return body;
  }
  std::string refusal(std::string_view command, const arguments& with = {}) {
    send(command, with);
    auto [succeeded, body] = take();
    BOOST_TEST_REQUIRE(!succeeded);
    return *body.find_string("code");
  }
};

inline store::destination_summary late(const std::string& name, std::int64_t queued, std::int64_t oldest_ts,
                                       std::uint32_t failures) {
  store::destination_summary x;
  x.destination.server_name = name;
  x.destination.failures = failures;
  x.queued = queued;
  x.oldest_queued_ts = oldest_ts;
  return x;
}

inline matrix::event_ptr member(const std::string& id, const std::string& user, const std::string& membership,
                                const std::string& name) {
  auto x = std::make_shared<matrix::event>();
  x->event_id = id;
  x->room_id = "!r:chat.example";
  x->type = "m.room.member";
  x->sender = user;
  x->state_key = user;
  x->source = json::object{{"content", json::value{json::object{{"membership", json::value{membership}},
                                                                {"displayname", json::value{name}}}}}};
  return x;
}

inline arguments with_room(std::string room) {
  arguments x;
  x.room = std::move(room);
  return x;
}
inline arguments with_letter(std::string letter) {
  arguments x;
  x.letter = std::move(letter);
  return x;
}
inline arguments with_server(std::string server) {
  arguments x;
  x.server = std::move(server);
  return x;
}

} // namespace causeway::admin::testing
