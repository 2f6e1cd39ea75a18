#include "actors/incarnation.hpp"

namespace causeway {

incarnation::turn incarnation::on(const message& m, decision& out, const std::function<store::query()>& load) {
  if (std::holds_alternative<start>(m)) {
    out.begin_tokens();
    asked_ = out.next_token();
    out.ask(asked_, load());
    return turn::waits;
  }
  if (loaded_) return turn::runs;
  if (const auto* a = std::get_if<store_answered>(&m)) {
    if (a->asked != asked_) return turn::waits; // to an earlier incarnation
    loaded_ = true;
    return turn::loaded;
  }
  deferred_.push_back(m);
  return turn::waits;
}

} // namespace causeway
