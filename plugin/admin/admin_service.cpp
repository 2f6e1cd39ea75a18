#include "plugin/admin/admin_service.hpp"

#include "messages/edge/header.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/gathering.hpp"
#include "plugin/admin/views.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

namespace causeway::admin {

namespace json = matrix::json;

class admin_service::impl : public std::enable_shared_from_this<impl> {
public:
  impl(identity who, services with) : who_(std::move(who)), with_(std::move(with)) {}

  void on_frame(const edge::connection& from, const edge::frame& x) {
    switch (x.what) {
    case edge::verb::hello: return on_hello(from, x);
    case edge::verb::command: return on_command(from, x);
    case edge::verb::ping: return on_ping(from, x);
    case edge::verb::pong:
    case edge::verb::bye:
    case edge::verb::credit: return; // nothing is kept of a connection, so nothing has to end
    default:
      with_.send(from, edge::make_error({fault_code::unknown_verb,
                                         std::string{edge::name(x.what)} + " has no meaning on the admin endpoint"}));
    }
  }

  void expire() {
    auto now = with_.now_ms();
    std::vector<std::shared_ptr<gathering>> open;
    {
      std::lock_guard lock{mutex_};
      std::erase_if(open_, [](const auto& x) { return x->finished(); });
      open = open_;
    }
    for (const auto& x : open) x->expire(now);
  }

private:
  /// One COMMAND that waits for its RESULT.
  struct job {
    edge::connection from;
    std::string id;
    arguments with;
  };
  using compose = std::function<void(impl&, const job&, const findings&)>;

  /// What is asked for one command, before it is asked.
  struct questions {
    std::vector<std::pair<std::string, store::query>> store;
    std::vector<address> status; ///< at most one
    bool actors = false;
    std::size_t size() const { return store.size() + status.size() + (actors ? 1 : 0); }
  };

  void on_hello(const edge::connection& from, const edge::frame& x) {
    auto header = edge::decode_header<edge::hello_header>(x.header);
    if (!header) return with_.send(from, edge::make_error(header.error()));
    const auto& versions = header->versions;
    if (std::find(versions.begin(), versions.end(), edge::contract_version) == versions.end()) {
      edge::error_header about;
      about.versions = std::vector<std::uint32_t>{edge::contract_version};
      return with_.send(from,
                        edge::make_error({fault_code::unsupported_version, "this broker speaks version 1"}, about));
    }
    edge::welcome_header welcome;
    welcome.broker = "causeway " + who_.version;
    welcome.server_name = who_.server_name;
    welcome.streams = 0; // there are no notifications here
    welcome.command_credit.messages = open_commands_max;
    with_.send(from, {edge::verb::welcome, edge::encode_header(welcome), {}});
  }

  void on_ping(const edge::connection& from, const edge::frame& x) {
    auto header = edge::decode_header<edge::ping_header>(x.header);
    if (!header) return with_.send(from, edge::make_error(header.error()));
    with_.send(from, {edge::verb::pong, edge::encode_header(*header), {}});
  }

  void on_command(const edge::connection& from, const edge::frame& x) {
    auto header = edge::decode_header<edge::command_header>(x.header);
    if (!header) return with_.send(from, edge::make_error(header.error()));
    job work{from, header->id, {}};
    const auto* command = find_command(header->command);
    if (!command) return refuse(work, {fault_code::unknown_command, "there is no command \"" + header->command + "\""});
    bool may_read = from.peer_role == edge::role::admin || from.peer_role == edge::role::inspector;
    if (!may_read || (command->changes && from.peer_role != edge::role::admin))
      return refuse(work, {fault_code::role_denied, std::string{command->name} + " is not for the role " +
                                                      std::string{edge::name(from.peer_role)}});
    auto with = decode_arguments(*command, x.body);
    if (!with) return refuse(work, with.error());
    work.with = std::move(*with);
    run(*command, std::move(work));
  }

  void run(const command_info& command, job work) {
    const auto& name = command.name;
    if (name == "rooms")
      return gather(std::move(work), {{{"rooms", store::list_rooms{}}}, {}, false},
                    [](impl& self, const job& j, const findings& f) { self.answer(j, views::rooms(f, j.with)); });
    if (name == "servers")
      return gather(std::move(work),
                    {{{"destinations", store::list_destinations{}},
                      {"invitations", store::find_invitations{{}, {}, store::invitations_wanted::unsettled}}},
                     {},
                     false},
                    [](impl& self, const job& j, const findings& f) {
                      self.answer(j, views::servers(f, j.with, self.with_.now_ms()));
                    });
    if (name == "invites") {
      store::find_invitations question{
        {}, {}, work.with.all ? store::invitations_wanted::all : store::invitations_wanted::unsettled};
      return gather(std::move(work), {{{"invitations", question}}, {}, false},
                    [](impl& self, const job& j, const findings& f) {
                      self.answer(j, views::invites(f, j.with, self.with_.now_ms()));
                    });
    }
    if (name == "status")
      return answer(work, views::status(with_.list_alarms(), who_.server_name, who_.version, work.with));
    if (name == "actors")
      return gather(std::move(work), {{}, {}, true},
                    [](impl& self, const job& j, const findings& f) { self.answer(j, views::actors(f, j.with)); });
    if (name == "room.show")
      return gather(std::move(work), {{{"rooms", store::list_rooms{}}}, {}, false}, &impl::show_room);
    if (name == "server.show") return show_server(std::move(work));
    if (name == "server.retry") {
      questions ask;
      ask.store = {{"destinations", store::list_destinations{}},
                   {"invitations", store::find_invitations{{}, {}, store::invitations_wanted::unsettled}}};
      ask.status = {{actor_kind::remote_server, work.with.server}};
      return gather(std::move(work), std::move(ask), &impl::retry_server);
    }
    if (name == "invite.show") {
      store::find_invitations question{{}, work.with.user};
      return gather(std::move(work), {{{"invitations", question}}, {}, false}, &impl::show_invitation);
    }
    if (name == "keys") return keys(std::move(work));
    refuse(work, {fault_code::internal, "the command table names a command nobody answers: " + std::string{name}});
  }

  void show_room(const job& work, const findings& found) {
    auto summary = views::resolve_room(found, work.with.room);
    if (!summary) return refuse(work, summary.error());
    questions ask;
    ask.store = {{"room", store::load_room{summary->room_id}}, {"destinations", store::list_destinations{}}};
    ask.status = {{actor_kind::room, summary->room_id}};
    gather(work, std::move(ask), [summary = *summary](impl& self, const job& j, const findings& f) {
      self.answer(j, views::room(f, summary, self.who_.server_name, self.with_.now_ms()));
    });
  }

  void show_server(job work) {
    constexpr std::size_t queue_shown = 50;
    questions ask;
    ask.store = {{"destinations", store::list_destinations{}},
                 {"destination", store::load_destination{work.with.server, queue_shown}},
                 {"invitations", store::find_invitations{{}, {}, store::invitations_wanted::unsettled}}};
    ask.status = {{actor_kind::remote_server, work.with.server}};
    gather(std::move(work), std::move(ask), [](impl& self, const job& j, const findings& f) {
      self.answer(j, views::server(f, j.with, self.with_.now_ms()));
    });
  }

  void retry_server(const job& work, const findings& found) {
    const auto* listed = found.find<store::destinations_listed>("destinations");
    if (!listed) return refuse(work, found.why_not("destinations"));
    auto is_it = [&](const store::destination_summary& x) { return x.destination.server_name == work.with.server; };
    auto at = std::find_if(listed->destinations.begin(), listed->destinations.end(), is_it);
    const bool is_listed = at != listed->destinations.end();
    const auto waiting = views::invitations_waiting_for(found, work.with.server, with_.now_ms());
    // A server that only has a request to repeat owes its wait to its actor; a name nobody uses must not make one.
    if (!is_listed && waiting.empty() && (!found.status || found.status->empty()))
      return refuse(work, {fault_code::not_found, "nothing is owed to a server called " + work.with.server});
    with_.tell({actor_kind::remote_server, work.with.server}, retry_now{});
    for (const auto& x : waiting)
      with_.tell({actor_kind::invitation, x.room_id + "|" + x.user_id}, server_alive{work.with.server});
    answer(work, json::object{{"server_name", json::value{work.with.server}},
                              {"failures", json::value{std::int64_t{is_listed ? at->destination.failures : 0}}},
                              {"queued", json::value{is_listed ? at->queued : std::int64_t{0}}},
                              {"invitations", json::value{static_cast<std::int64_t>(waiting.size())}},
                              {"retried", json::value{true}}});
  }

  void show_invitation(const job& work, const findings& found) {
    auto invitation = views::resolve_invitation(found, work.with);
    if (!invitation) return refuse(work, invitation.error());
    questions ask;
    ask.store = {{"destinations", store::list_destinations{}}};
    ask.status = {{actor_kind::invitation, invitation->room_id + "|" + invitation->user_id}};
    gather(work, std::move(ask), [x = *invitation](impl& self, const job& j, const findings& f) {
      self.answer(j, views::invitation(f, x, self.who_.server_name, self.with_.now_ms()));
    });
  }

  void keys(job work) {
    if (!work.with.server.empty() && work.with.server != who_.server_name)
      return gather(std::move(work), {{{"destination", store::load_destination{work.with.server, 1}}}, {}, false},
                    [](impl& self, const job& j, const findings& f) { self.answer(j, views::server_keys(f, j.with)); });
    key_row row;
    row.server_name = who_.server_name;
    row.key_id = who_.key_id;
    row.public_key = who_.public_key_base64;
    row.ours = true;
    answer(work, json::object{{"keys", json::value{to_json(std::vector<key_row>{row})}}});
  }

  /// Asks all questions at once; `then` runs when the answers are there or the deadline has passed.
  void gather(job work, questions ask, compose then) {
    auto deadline = with_.now_ms() + answer_timeout_ms;
    auto done = [self = weak_from_this(), work, then = std::move(then)](findings found) {
      if (auto alive = self.lock()) std::invoke(then, *alive, work, found);
    };
    auto open = std::make_shared<gathering>(ask.size(), deadline, std::move(done));
    if (!admit(open)) return refuse(work, {fault_code::overloaded, "too many commands are under way"});
    for (auto& [part, question] : ask.store)
      with_.ask_store(std::move(question),
                      [open, part = part](store::answer x) { open->answered(part, std::move(x)); });
    for (auto& who : ask.status)
      with_.ask_status(std::move(who), [open](std::string text) { open->status_told(std::move(text)); });
    if (ask.actors) with_.list_actors([open](std::vector<actor_row> rows) { open->actors_listed(std::move(rows)); });
  }

  bool admit(const std::shared_ptr<gathering>& x) {
    std::lock_guard lock{mutex_};
    std::erase_if(open_, [](const auto& y) { return y->finished(); });
    if (open_.size() >= open_commands_max) return false;
    open_.push_back(x);
    return true;
  }

  void answer(const job& work, const views::view& x) {
    if (!x) return refuse(work, x.error());
    reply(work, true, json::canonical(*x));
  }
  void refuse(const job& work, const fault& why) { reply(work, false, fault_json(why)); }
  void reply(const job& work, bool succeeded, std::string body) {
    edge::result_header header;
    header.id = work.id;
    header.ok = succeeded;
    with_.send(work.from, {edge::verb::result, edge::encode_header(header), std::move(body)});
  }

  const identity who_;
  const services with_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<gathering>> open_; ///< guarded by mutex_
};

admin_service::admin_service(identity who, services with)
    : impl_(std::make_shared<impl>(std::move(who), std::move(with))) {}

admin_service::~admin_service() = default;

void admin_service::on_frame(const edge::connection& from, const edge::frame& x) {
  impl_->expire();
  impl_->on_frame(from, x);
}

void admin_service::expire() { impl_->expire(); }

} // namespace causeway::admin
