// The gateway of a simulated broker and the network behind it: what plugin/node_gateways.cpp and HTTPS do, with
// everything that can go wrong between two servers.
#include "tests/simulation/broker.hpp"

#include "actors/answers.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/request_auth.hpp"

namespace causeway::simulation {
namespace {

constexpr time_ms keys_life_ms = 24 * 3'600'000;

} // namespace

std::string broker::keys_document() {
  // Good for a day, renewed each half: the same text for all who ask meanwhile.
  const auto until = (world_.clock.now() / (keys_life_ms / 2) + 2) * (keys_life_ms / 2);
  return matrix::json::canonical(matrix::server_keys_document(server_name_, key_, {}, until));
}

void broker::request(const gateway::http_request& x) {
  auto& random = world_.random;
  const auto& sky = world_.sky;
  const auto begun = world_.clock.now_us();
  const auto deadline = begun + time_us{x.timeout_ms} * 1'000;
  const auto to = x.server_name;
  // Exactly one answer comes back, at the latest at the deadline.
  auto open = std::make_shared<bool>(true);
  auto finish = [this, open, to, id = x.id, epoch = epoch_,
                 method = x.method + " " + x.target](int status, std::string body, fault why) {
    if (!*open || epoch != epoch_) return;
    *open = false;
    auto a = std::make_shared<gateway::http_answer>();
    a->id = id;
    a->status = status;
    a->body = std::move(body);
    a->why = std::move(why);
    world_.trace(server_name_, [&] {
      return "answer of " + to + " to " + method + ": " + std::to_string(status) + " " +
             (status == 200 ? std::to_string(a->body.size()) + " bytes" : a->body + to_string(a->why));
    });
    deliver("gateway", {actor_kind::remote_server, to}, http_answered{std::move(a)});
  };
  world_.clock.at(deadline, [finish] { finish(0, {}, {fault_code::peer_timeout, "no answer in time"}); });
  auto way = [&random, slow = sky.slow_request]() -> time_us {
    return random.chance(slow) ? random.between(30'000, 20'000'000) : random.between(500, 30'000);
  };
  auto reachable = [this, to] {
    auto* other = world_.find(to);
    return other && other->is_up() && !world_.cut(server_name_, to) ? other : nullptr;
  };
  if (!reachable()) {
    // Refused at once, or nothing is heard until the time-out.
    if (random.chance(700))
      world_.clock.after(way(), [finish] { finish(0, {}, {fault_code::peer_unreachable, "connection refused"}); });
    return;
  }
  if (random.chance(sky.request_lost)) return;
  gateway::federation_request r{0, x.method, x.target, x.authorization, x.body, "192.0.2.1:1"};
  const auto times = random.chance(sky.request_twice) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    const bool lost = random.chance(sky.answer_lost);
    const auto arrives = begun + way() + (i == 0 ? 0 : random.between(0, 5'000'000));
    const auto back = way();
    if (arrives >= deadline) continue;
    world_.clock.at(arrives, [this, reachable, finish, lost, back, r, to, first = i == 0] {
      auto* other = reachable();
      if (!other) {
        if (first) finish(0, {}, {fault_code::peer_unreachable, "connection reset"});
        return;
      }
      other->receive(r, [this, finish, lost, back, to, first](int status, std::string body) {
        if (lost || !first) return; // only the first copy's answer has a connection to go back on
        world_.clock.after(back, [this, finish, status, to, body = std::move(body)]() mutable {
          if (!world_.cut(server_name_, to)) finish(status, std::move(body), {});
        });
      });
    });
  }
}

void broker::receive(gateway::federation_request x, std::function<void(int, std::string)> answer) {
  auto match = matrix::match_endpoint(x.method, x.target);
  if (!match) return answer(info(match.error().code).http_status, error_body(match.error()));
  if (match->info->id == matrix::endpoint::key_server) return answer(200, keys_document());
  auto headers = std::make_shared<std::vector<std::string>>();
  std::string origin;
  for (const auto& h : x.authorization) {
    auto parsed = matrix::parse_x_matrix(h);
    if (!parsed || !matrix::is_server_name(parsed->origin)) continue;
    if (origin.empty()) origin = parsed->origin;
    if (parsed->origin == origin) headers->push_back(h);
  }
  if (origin.empty())
    return answer(401, error_body({fault_code::unauthorized, "an X-Matrix Authorization header is required"}));
  world_.trace(server_name_, [&] {
    return origin + " asks " + x.method + " " + x.target + (x.body.size() < 500 ? " " + x.body : "");
  });
  inbound_request r;
  r.gateway = "gateway";
  r.id = x.id = ++last_inbound_;
  inbound_[r.id] = std::move(answer);
  r.match = std::make_shared<const matrix::endpoint_match>(std::move(*match));
  r.authorization = std::move(headers);
  r.request = std::make_shared<const gateway::federation_request>(std::move(x));
  deliver("gateway", {actor_kind::remote_server, origin}, std::move(r));
}

} // namespace causeway::simulation
