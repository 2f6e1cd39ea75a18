#pragma once
#include "messages/verifier.hpp"
#include "tests/simulation/dice.hpp"
#include "tests/simulation/fingerprint.hpp"
#include "tests/simulation/timeline.hpp"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// A whole federation in one thread: brokers made of the real machines and the real store, a network and chat servers
/// that behave as badly as the seed says, and a clock that is a number.
namespace causeway::simulation {

class broker;
class chat_server;

/// How badly the world behaves. Chances in 1/1000.
struct weather {
  std::uint64_t request_lost = 0, answer_lost = 0, request_twice = 0;
  std::uint64_t slow_request = 0; ///< takes seconds
  std::uint64_t slow_commit = 0;  ///< takes up to half a second
  std::uint64_t commit_fails = 0; ///< the disk refuses a group of batches
};

/// Everything of one run.
class world {
public:
  explicit world(std::uint64_t seed, bool tracing = false);
  ~world();
  world(const world&) = delete;

  /// Adds a broker and its chat server; it is started at once.
  broker& add_broker(const std::string& server_name, const std::string& room_version = "11",
                     std::uint32_t invitation_lifetime_h = 720);
  chat_server& chat(std::size_t i) { return *chats_[i]; }
  broker& at(std::size_t i) { return *brokers_[i]; }
  std::size_t size() const { return brokers_.size(); }
  broker* find(std::string_view server_name);

  /// Cuts or heals the way between two brokers.
  void partition(std::size_t a, std::size_t b, bool on);
  bool cut(std::string_view a, std::string_view b) const;
  void heal();

  /// Something that must never happen did.
  void violation(std::string what);
  const std::vector<std::string>& violations() const { return violations_; }
  /// A joiner could not verify part of a room's state (keys of a third server out of reach for minutes): he sees it
  /// otherwise than all others do, a known limit.
  void excuse(const std::string& room_id) { excused_.insert(room_id); }
  const std::set<std::string>& excused() const { return excused_; }
  /// One line of the run's story; `what` is called only when somebody reads it.
  template <class What>
  void trace(std::string_view who, What what) {
    if (tracing_) write_trace(who, what());
  }
  const std::vector<std::string>& story() const { return story_; }

  timeline clock;
  dice random;
  weather sky;
  bool has_receipts = false; ///< brokers that are started from now on tell what is read
  bool has_people = false;   ///< people ban, give roles, edit and react: more has to be true at the end
  fingerprint returned;      ///< what all machines have returned so far
  /// Signatures are checked once per event and key: a run checks the same ones on every broker and after every crash.
  event_check check(const matrix::event& x, const key_ring& keys, std::string_view own_name);

private:
  void write_trace(std::string_view who, std::string what);

  bool tracing_;
  std::vector<std::unique_ptr<broker>> brokers_;
  std::vector<std::unique_ptr<chat_server>> chats_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::set<std::string> excused_;
  std::vector<std::string> violations_, story_;
  std::unordered_map<std::string, event_check> checked_;
};

} // namespace causeway::simulation
