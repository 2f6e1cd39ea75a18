#include "plugin/node_operator.hpp"

#include "plugin/node_actors.hpp"
#include "plugin/node_rows.hpp"

#include <utility>

namespace causeway {

node_operator::node_operator(parts p)
    : p_(std::move(p)), cluster_(p_.options.store), probes_(p_.options.gateway, [this] { return now_ms(); }) {}

void node_operator::ask_store(store::query question, std::function<void(store::answer)> done) {
  p_.store.ask(std::move(question), std::move(done));
}

void node_operator::ask_status(address who, std::function<void(std::string)> done) {
  p_.outside.ask_status(who, std::move(done));
}

void node_operator::list_actors(std::function<void(std::vector<admin::actor_row>)> done) {
  causeway::list_actors(*p_.outside.router, std::move(done));
}

void node_operator::find_actor(address who, std::function<void(std::vector<admin::actor_row>)> done) {
  causeway::find_actor(*p_.outside.router, who, std::move(done));
}

void node_operator::rank_actors(admin::actors_request wanted, std::function<void(result<admin::actors_ranked>)> done) {
  causeway::rank_actors(*p_.outside.router, wanted, std::move(done));
}

void node_operator::commit(store::store_batch batch, std::function<void(status)> done) {
  p_.store.submit(
    std::move(batch),
    [done = std::move(done)](const result<store::commit_outcome>& outcome) {
      done(outcome ? ok() : status{outcome.error()});
    },
    nullptr);
}

void node_operator::tell(address to, message x) { p_.outside.router->deliver(to, std::move(x)); }

void node_operator::send(edge::connection to, edge::frame x) { p_.the_edge->send(to, std::move(x)); }

std::string node_operator::why_excluded(std::string_view server) {
  const auto fine = p_.context_now().federates_with(server);
  return fine ? std::string{} : fine.error().detail;
}

std::vector<admin::hop_row> node_operator::find_hops(std::string_view event_id) {
  std::vector<admin::hop_row> rows;
  for (const auto& x : p_.outside.router->hops.of(event_id)) rows.push_back(row_of(x));
  return rows;
}

std::vector<std::string> node_operator::events_of_transaction(std::string_view id) {
  return p_.outside.router->hops.events_of_transaction(id);
}

std::vector<admin::peer_row> node_operator::list_gateways() {
  std::vector<admin::peer_row> rows;
  for (auto& name : p_.outside.gateways->connected()) {
    auto& row = rows.emplace_back();
    row.role = "gateway";
    row.peer = std::move(name);
  }
  return rows;
}

void node_operator::trace_actor(trace_request wanted, traced done) {
  const auto tell = [done](const std::vector<actor_tap::seen>& handled) {
    std::vector<admin::traced_row> rows;
    for (const auto& x : handled) rows.push_back({x.at, x.message, x.took_us, x.effects, trace_text(x.trace)});
    done(std::move(rows));
  };
  const auto until = now_ms() + wanted.seconds * 1'000;
  if (!p_.outside.router->tap.begin(std::move(wanted.who), {wanted.count, wanted.every, until}, tell))
    done(fault{fault_code::overloaded, "another actor is being traced; one at a time is"});
}

void node_operator::probe(std::string server, std::function<void(causeway::probe::report)> done) {
  probes_.look_at(std::move(server), std::move(done));
}

void node_operator::ask_peer(std::string server, peer_request question, std::function<void(peer_answer)> done) {
  p_.outside.ask_peer(server, std::move(question), std::move(done));
}

void node_operator::hand_in(std::string room_id, pdus_received events, std::function<void(pdus_handled)> done) {
  p_.outside.hand_in(room_id, std::move(events), std::move(done));
}

void node_operator::list_terms(std::size_t limit, std::function<void(result<std::vector<admin::term_row>>)> done) {
  cluster_.list_terms(limit + 1, [done = std::move(done), limit](const auto& found) { done(rows_of(found, limit)); });
}

status node_operator::drain(bool has_successor, const std::string& reason) {
  return p_.place.drain(has_successor, reason);
}

} // namespace causeway
