#include "tests/simulation/world.hpp"

#include "tests/simulation/broker.hpp"
#include "tests/simulation/chat_server.hpp"

#include <cstdio>

namespace causeway::simulation {
namespace {

/// 2026-01-01: an ordinary day for keys and time stamps.
constexpr time_ms begin_ms = 1'767'225'600'000;

std::pair<std::string, std::string> ordered(std::string_view a, std::string_view b) {
  return a < b ? std::pair{std::string{a}, std::string{b}} : std::pair{std::string{b}, std::string{a}};
}

} // namespace

world::world(std::uint64_t seed, bool tracing) : clock(begin_ms), random(seed), tracing_(tracing) {}
world::~world() = default;

broker& world::add_broker(const std::string& server_name, const std::string& room_version,
                          std::uint32_t invitation_lifetime_h) {
  brokers_.push_back(
    std::make_unique<broker>(*this, brokers_.size(), server_name, room_version, invitation_lifetime_h));
  chats_.push_back(std::make_unique<chat_server>(*this, *brokers_.back()));
  brokers_.back()->start();
  return *brokers_.back();
}

broker* world::find(std::string_view server_name) {
  for (auto& b : brokers_)
    if (b->server_name() == server_name) return b.get();
  return nullptr;
}

void world::partition(std::size_t a, std::size_t b, bool on) {
  auto pair = ordered(brokers_[a]->server_name(), brokers_[b]->server_name());
  trace("network", [&] { return (on ? "cut " : "heal ") + pair.first + " - " + pair.second; });
  if (on) cuts_.insert(std::move(pair));
  else cuts_.erase(pair);
}

bool world::cut(std::string_view a, std::string_view b) const { return cuts_.contains(ordered(a, b)); }

void world::heal() {
  trace("network", [] { return std::string{"all heals"}; });
  cuts_.clear();
  sky = {};
  for (auto& b : brokers_)
    if (!b->is_up()) b->start();
}

void world::violation(std::string what) {
  trace("VIOLATION", [&] { return what; });
  violations_.push_back(std::move(what));
}

void world::write_trace(std::string_view who, std::string what) {
  const auto us = clock.now_us() - begin_ms * 1'000;
  char stamp[32];
  std::snprintf(stamp, sizeof stamp, "%9lld.%06lld ", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000));
  story_.push_back(stamp + std::string{who} + ": " + std::move(what));
}

event_check world::check(const matrix::event& x, const key_ring& keys, std::string_view own_name) {
  std::string name = x.to_json() + "|" + std::string{own_name};
  for (const auto& [server, known] : keys)
    if (known)
      for (const auto& [id, key] : *known)
        name += "|" + server + id + key.public_key_base64 + std::to_string(key.valid_until_ts >= x.origin_server_ts);
  auto [it, is_new] = checked_.try_emplace(std::move(name));
  if (is_new) it->second = check_event(x, keys, own_name);
  return it->second;
}

} // namespace causeway::simulation
