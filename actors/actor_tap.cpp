#include "actors/actor_tap.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>
#include <utility>

namespace causeway {
namespace {

/// Of what an actor made of one message, bytes.
constexpr std::size_t words_bytes_max = 400;

std::string one(const tell& x) { return type_of(x.body) + " to " + std::string{name(x.to.kind)}; }
std::string one(const ask_store&) { return "question to the store"; }
std::string one(const wake_me_at& x) { return (x.at == 0 ? "no timer " : "timer ") + to_string(x.name); }
std::string one(const finish&) { return "end"; }
std::string one(const note& x) { return "log: " + x.what; }
std::string one(const hops&) { return {}; } // made because somebody looks
std::string one(const persist& x) {
  auto text = std::to_string(x.batch.writes.size()) + (x.batch.writes.size() == 1 ? " row" : " rows");
  if (const auto then = in_words(x.then); !then.empty()) text += ", then (" + then + ")";
  return text;
}

} // namespace

bool actor_tap::begin(address who, bounds within, done_function done) {
  const std::lock_guard guard{mutex_};
  if (done_) return false;
  who_ = std::move(who);
  within_ = within;
  passed_ = 0;
  done_ = std::move(done);
  on_.store(true, std::memory_order_relaxed);
  return true;
}

bool actor_tap::is_next(const address& who) {
  const std::lock_guard guard{mutex_};
  return done_ && who == who_ && passed_++ % within_.every == 0;
}

void actor_tap::add(const address& who, seen x) {
  std::unique_lock guard{mutex_};
  if (!done_ || !(who == who_)) return; // it has ended meanwhile
  seen_.push_back(std::move(x));
  if (seen_.size() >= within_.count) end(guard);
}

void actor_tap::expire(time_ms now) {
  std::unique_lock guard{mutex_};
  if (done_ && now >= within_.until) end(guard);
}

void actor_tap::end(std::unique_lock<std::mutex>& guard) {
  on_.store(false, std::memory_order_relaxed);
  auto done = std::exchange(done_, nullptr);
  auto all = std::exchange(seen_, {});
  guard.unlock();
  done(std::move(all));
}

std::string type_of(const message& x) {
  const auto* type =
    std::visit([](const auto& one_of) { return &typeid(one_of); }, static_cast<const message_content&>(x));
  const std::unique_ptr<char, void (*)(void*)> readable{abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr),
                                                        std::free};
  std::string text = readable ? readable.get() : type->name();
  if (const auto last = text.rfind("::"); last != std::string::npos) text.erase(0, last + 2);
  return text;
}

std::string in_words(const effects& list) {
  std::string text;
  for (const auto& e : list) {
    const auto words = std::visit([](const auto& x) { return one(x); }, static_cast<const effect_content&>(e));
    if (words.empty()) continue;
    if (text.size() + words.size() > words_bytes_max) return text + "; ...";
    text += (text.empty() ? "" : "; ") + words;
  }
  return text;
}

} // namespace causeway
