#include "actors/decision.hpp"

namespace causeway {

effects decision::take() {
  effects out;
  if (!writes_.empty() || !after_commit_.empty()) {
    persist p;
    p.batch.writes = std::exchange(writes_, {});
    p.then = std::exchange(after_commit_, {});
    out.push_back(std::move(p));
  }
  append(out, std::exchange(at_once_, {}));
  return out;
}

} // namespace causeway
