#include "plugin/admin/admin_service.hpp"

#include "messages/edge/header.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/verbs.hpp"

#include <algorithm>
#include <utility>

namespace causeway::admin {

admin_service::admin_service(identity who, services& with) : desk_(std::make_shared<desk>(std::move(who), with)) {}

admin_service::~admin_service() = default;

void admin_service::on_frame(const edge::connection& from, const edge::frame& x) {
  desk_->expire();
  switch (x.what) {
  case edge::verb::hello: return on_hello(from, x);
  case edge::verb::command: return on_command(from, x);
  case edge::verb::ping: return on_ping(from, x);
  case edge::verb::pong:
  case edge::verb::bye:
  case edge::verb::credit: return; // nothing is kept of a connection, so nothing has to end
  default:
    desk_->node().send(from, edge::make_error({fault_code::unknown_verb, std::string{edge::name(x.what)} +
                                                                           " has no meaning on the admin endpoint"}));
  }
}

void admin_service::ask(const asker& from, std::string_view command, std::string_view body, reply_function reply) {
  const auto who = from.role;
  job work{who, from.peer, {}, std::move(reply)};
  const auto* found = find_verb(command);
  if (!found)
    return desk_->refuse(work, {fault_code::unknown_command, "there is no command \"" + std::string{command} + "\""});
  const bool may_read = who == edge::role::admin || who == edge::role::inspector;
  if (!may_read || (found->info.changes && who != edge::role::admin))
    return desk_->refuse(work, {fault_code::role_denied, std::string{found->info.name} + " is not for the role " +
                                                           std::string{edge::name(who)}});
  if (const auto why = desk_->node().why_refused(found->info.name); why.code != fault_code::none)
    return desk_->refuse(work, why);
  auto with = decode_arguments(found->info, body);
  if (!with) return desk_->refuse(work, with.error());
  work.with = std::move(*with);
  if (!found->info.changes) return found->run(*desk_, work);
  desk_->keep_audit(found->info.name, work, found->run);
}

void admin_service::expire() { desk_->expire(); }

void admin_service::on_hello(const edge::connection& from, const edge::frame& x) const {
  const auto send = [this](const edge::connection& to, edge::frame f) { desk_->node().send(to, std::move(f)); };
  auto header = edge::decode_header<edge::hello_header>(x.header);
  if (!header) return send(from, edge::make_error(header.error()));
  const auto& versions = header->versions;
  if (std::find(versions.begin(), versions.end(), edge::contract_version) == versions.end()) {
    edge::error_header about;
    about.versions = std::vector<std::uint32_t>{edge::contract_version};
    return send(from, edge::make_error({fault_code::unsupported_version, "this broker speaks version 1"}, about));
  }
  edge::welcome_header welcome;
  welcome.broker = "causeway " + desk_->who().version;
  welcome.server_name = desk_->who().server_name;
  welcome.streams = 0; // there are no notifications here
  welcome.command_credit.messages = open_commands_max;
  send(from, {edge::verb::welcome, edge::encode_header(welcome), {}});
}

void admin_service::on_ping(const edge::connection& from, const edge::frame& x) const {
  auto header = edge::decode_header<edge::ping_header>(x.header);
  if (!header) return desk_->node().send(from, edge::make_error(header.error()));
  desk_->node().send(from, {edge::verb::pong, edge::encode_header(*header), {}});
}

void admin_service::on_command(const edge::connection& from, const edge::frame& x) {
  auto header = edge::decode_header<edge::command_header>(x.header);
  if (!header) return desk_->node().send(from, edge::make_error(header.error()));
  ask({from.peer_role, from.peer_name}, header->command, x.body,
      [at = desk_->weak_from_this(), from, id = header->id](bool succeeded, std::string body) {
        const auto alive = at.lock();
        if (!alive) return;
        edge::result_header result;
        result.id = id;
        result.ok = succeeded;
        alive->node().send(from, {edge::verb::result, edge::encode_header(result), std::move(body)});
      });
}

} // namespace causeway::admin
