#include "actors/answering_servers.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

void answering_servers::answered(const std::string& server, time_ms now) {
  const std::lock_guard guard{mutex_};
  last_.put(server, now);
}

void answering_servers::failed(const std::string& server) {
  const std::lock_guard guard{mutex_};
  last_.erase(server);
}

std::vector<std::string> answering_servers::take_from(std::vector<std::string>& servers, time_ms now) {
  std::vector<std::pair<time_ms, std::string>> found;
  {
    const std::lock_guard guard{mutex_};
    std::erase_if(servers, [&](std::string& x) {
      const auto* at = last_.find(x);
      // A time ahead of ours is of a clock that was wrong.
      if (at == nullptr || *at > now || now - *at > lately_ms) return false;
      found.emplace_back(*at, std::move(x));
      return true;
    });
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> out;
  out.reserve(found.size());
  for (auto& [at, server] : found) out.push_back(std::move(server));
  return out;
}

} // namespace causeway
