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

bool answering_servers::is_late(const time_ms* at, time_ms now) const {
  // A time ahead of ours is of a clock that was wrong.
  return at == nullptr || *at > now || now - *at > lately_ms;
}

bool answering_servers::mostly(const std::vector<std::string>& servers, time_ms now) {
  const std::lock_guard guard{mutex_};
  return 2 * std::ranges::count_if(servers, [&](const auto& x) { return !is_late(last_.find(x), now); }) >=
         std::ssize(servers);
}

std::vector<std::string> answering_servers::take_from(std::vector<std::string>& servers, time_ms now) {
  std::vector<std::pair<time_ms, std::string>> found;
  {
    const std::lock_guard guard{mutex_};
    std::erase_if(servers, [&](std::string& x) {
      const auto* at = last_.find(x);
      if (is_late(at, now)) return false;
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
