#pragma once
#include "actors/shell.hpp"

#include <cstdint>
#include <memory>
#include <string>

/// What a supervisor holds, without its supervisor.
namespace causeway::test {

/// A world that only knows what time it is.
class clock_world : public world {
public:
  time_ms at = 1'000'000;
  time_ms now() const override { return at; }
  void commit(store::store_batch, trace_id, std::shared_ptr<std::atomic<bool>>,
              std::function<void(result<store::commit_outcome>)>) override {}
  void ask(store::query, std::function<void(std::shared_ptr<const store::answer>)>) override {}
  void send(gateway::http_request, trace_id) override {}
  void send(federation_reply, trace_id) override {}
  void send(std::vector<send_frame>) override {}
  void inspect(message) override {}
  void media(message) override {}
  void switch_federation(federation_switches) override {}
  void log(const note&, const address&) override {}
};

struct supervised {
  clock_world outside;
  supervisor_state state;

  supervised() {
    auto router = std::make_shared<message_router>();
    router->outside = &outside;
    state.router = router;
  }
  supervisor_state::child& child(const std::string& key) {
    auto& x = state.add(key).first->second;
    if (!x.progress) x.progress = std::make_shared<actor_progress>();
    return x;
  }
  void enters(const std::string& key, supervisor_state::child::phase to) { state.enter(child(key), to); }
  void ends(const std::string& key) { state.erase(state.children.find(key)); }
  /// Messages come for it.
  void gets(const std::string& key, std::uint64_t n = 1) {
    auto& x = child(key);
    x.routed += n;
    state.note(x);
  }
  void handles(const std::string& key, std::uint64_t n = 1) {
    gets(key, n);
    child(key).progress->handled += n;
  }
};

} // namespace causeway::test
