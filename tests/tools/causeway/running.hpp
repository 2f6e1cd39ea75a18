#pragma once
#include "messages/edge/header.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/admin/alarms.hpp"
#include "plugin/edge/edge.hpp"

#include <boost/test/unit_test.hpp>
#include <zmq.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>

/// The `causeway` command as a person runs it: the built binary, against a real edge and admin service over a socket.
namespace causeway::tests {

namespace json = matrix::json;

struct scratch {
  std::filesystem::path path;
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-cmd-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  std::string write(const std::string& name, const std::string& text) const {
    auto file = path / name;
    std::ofstream{file} << text;
    return file.string();
  }
  std::string file(const std::string& name) const { return (path / name).string(); }
};

struct outcome {
  int code = -1;
  std::string out, err;
  json::value parsed() const {
    auto x = json::parse(out);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(x), out + err);
    return std::move(*x);
  }
  bool says(std::string_view part) const {
    bool found = (out + err).find(part) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE(out + err);
    return found;
  }
};

inline std::string read(const std::string& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// @param arguments  for the shell; the tests' own text only
inline outcome run(const std::string& arguments, const std::string& before = {}) {
  scratch dir;
  auto command =
    before + " '" CAUSEWAY_COMMAND "' " + arguments + " >" + dir.file("out") + " 2>" + dir.file("err") + " </dev/null";
  int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(dir.file("out")), read(dir.file("err"))};
}

inline const std::string good = "[node]\nserver_name = \"chat.example.org\"\n[gateway]\nplain_http = true\n";

/// A broker that knows one room and one server that is down.
struct broker : admin::few_services, edge::frame_sink {
  scratch dir;
  std::string endpoint = "ipc://" + dir.file("admin.sock");
  zmq::context_t context{1};
  admin::alarms standing;
  std::string session = R"({"phase":"connected","connections":[],"streams":[]})";
  /// Asked on a thread of the edge.
  std::function<std::vector<admin::actor_row>()> actors = [] {
    admin::actor_row row;
    row.kind = "room";
    row.key = "!r:chat.example";
    row.phase = "running";
    return std::vector<admin::actor_row>{row};
  };
  std::unique_ptr<admin::admin_service> service;
  std::unique_ptr<edge::edge> sockets;

  broker() {
    service = std::make_unique<admin::admin_service>(
      admin::identity{"chat.example", "0.1.0", "ed25519:a1", "PUBLICKEY"}, *this);
    config::edge_options options;
    options.chat_endpoints = {"ipc://" + dir.file("chat.sock")};
    options.admin_endpoint = endpoint;
    // A thread of the edge may call before open() has returned; nobody connects before the constructor has, though.
    auto opened = edge::edge::open(context, options, *this);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(opened), (opened ? "" : opened.error().detail));
    sockets = std::move(*opened);
  }

  void on_frame(const edge::connection& from, edge::frame&& x) override { service->on_frame(from, x); }
  void on_lost(const edge::connection&) override {}
  void ask_store(store::query q, std::function<void(store::answer)> then) override { then(look_up(q)); }
  void ask_status(address who, std::function<void(std::string)> then) override {
    if (who.kind == actor_kind::session) return then(session);
    then(who.key == "typo.example" ? "" : R"({"phase":"backing_off"})");
  }
  void list_actors(std::function<void(std::vector<admin::actor_row>)> then) override { then(actors()); }
  void find_actor(address who, std::function<void(std::vector<admin::actor_row>)> then) override {
    auto rows = actors();
    std::erase_if(rows,
                  [&](const admin::actor_row& x) { return x.kind != causeway::name(who.kind) || x.key != who.key; });
    then(std::move(rows));
  }
  void rank_actors(admin::actors_request wanted, std::function<void(result<admin::actors_ranked>)> then) override {
    admin::actors_ranked out;
    for (auto& row : actors()) {
      if ((row.kind + " " + row.key).find(wanted.filter) == std::string::npos) continue;
      ++out.total;
      ++out.phases[row.phase];
      out.rows.push_back(std::move(row));
    }
    then(std::move(out));
  }
  void commit(store::store_batch, std::function<void(status)> then) override { then(ok()); }
  std::vector<admin::alarm_row> list_alarms() override { return standing.all(); }
  std::vector<admin::peer_row> list_gateways() override {
    admin::peer_row row;
    row.role = "gateway";
    row.peer = "gateway-1";
    return {row};
  }
  void probe(std::string server, std::function<void(causeway::probe::report)> then) override {
    causeway::probe::report seen;
    seen.server_name = std::move(server);
    then(std::move(seen));
  }
  void finish_upgrade(std::function<void(status)> then) override { then(ok()); }
  void tell(address, message) override {}
  void send(edge::connection to, edge::frame x) override { sockets->send(to, std::move(x)); }
  std::int64_t now_ms() override { return 1'700'000'000'000; }

  static store::answer look_up(const store::query& q) {
    store::destination_summary down;
    down.destination.server_name = "dead.example";
    down.destination.failures = 3;
    down.destination.last_fault = "peer_unreachable: connection refused \x1b[31m";
    down.queued = 2;
    down.oldest_queued_ts = 1'700'000'000'000 - 120'000;
    if (std::holds_alternative<store::list_destinations>(q)) return store::destinations_listed{{down}};
    if (std::holds_alternative<store::load_destination>(q)) return store::destination_loaded{};
    if (std::holds_alternative<store::list_rooms>(q)) {
      store::room_summary room;
      room.room_id = "!r:chat.example";
      room.chat_room_id = "general";
      return store::rooms_listed{{room}};
    }
    if (std::holds_alternative<store::load_room>(q)) return store::room_loaded{};
    if (std::holds_alternative<store::find_invitations>(q)) return store::invitations_found{};
    if (const auto* x = std::get_if<store::list_dead_letters>(&q)) {
      store::dead_letters_listed found;
      if (!x->after || x->after->cursor < 7)
        found.letters.push_back(
          {{0, 7}, "message.received", "no such room", 70, 1'700'000'000'000, "!r:chat.example", ""});
      return found;
    }
    if (std::holds_alternative<store::list_nodes>(q))
      return store::nodes_listed{{{1, "one", "", "0.2.0", "active", 3'000, 256, 7, 15}}, 15, 14};
    return fault{fault_code::internal, "not asked for in this test"};
  }

  outcome ask(const std::string& arguments) const { return run("--socket " + endpoint + " " + arguments); }
};

} // namespace causeway::tests
