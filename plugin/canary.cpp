#include "plugin/canary.hpp"

#include <algorithm>
#include <utility>

namespace causeway {

canary::canary(std::vector<path> paths, clock::duration interval) : paths_(std::move(paths)), interval_(interval) {}

canary::finding canary::look(clock::time_point now) {
  if (answers_.empty()) {
    if (has_begun_ && now < began_ + interval_ / 4) return {};
    begin_round(now);
  }
  finding out;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    if (is_done(i)) continue;
    if (answers_[i]->load() == answer::refused) ask(i);
    if (!is_done(i)) out.late.push_back(paths_[i].name);
  }
  if (out.late.empty()) {
    answers_.clear();
    out.is_alive = true;
    return out;
  }
  const bool is_late = now >= began_ + interval_ / 2;
  if (!is_late || std::exchange(late_told_, true)) out.late.clear();
  return out;
}

void canary::begin_round(clock::time_point now) {
  began_ = now;
  has_begun_ = true;
  late_told_ = false;
  answers_.resize(paths_.size());
  for (std::size_t i = 0; i < paths_.size(); ++i) ask(i);
}

void canary::ask(std::size_t which) {
  auto& mine = answers_[which];
  mine = std::make_shared<std::atomic<answer>>(answer::waiting);
  paths_[which].send([mine](answer x) { mine->store(x); });
}

bool canary::is_done(std::size_t which) const {
  return answers_[which]->load() == answer::arrived || (paths_[which].is_excused && paths_[which].is_excused());
}

} // namespace causeway
