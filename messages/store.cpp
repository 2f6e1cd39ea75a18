#include "messages/store.hpp"

#include "messages/put_alternative.hpp"
#include "messages/replace.hpp"

#include <utility>

namespace causeway::store {

write::write() noexcept = default;
write::write(const write&) = default;
write::write(write&&) noexcept = default;
write& write::operator=(const write& x) { return replace(*this, write{x}); }
write& write::operator=(write&& x) noexcept { return replace(*this, std::move(x)); }
write::~write() = default;
write::write(std::size_t place, void* alternative) noexcept {
  put_alternative<write_content>(*this, place, alternative);
}

query::query() noexcept = default;
query::query(const query&) = default;
query::query(query&&) noexcept = default;
query& query::operator=(const query& x) { return replace(*this, query{x}); }
query& query::operator=(query&& x) noexcept { return replace(*this, std::move(x)); }
query::~query() = default;
query::query(std::size_t place, void* alternative) noexcept {
  put_alternative<query_content>(*this, place, alternative);
}

answer::answer() noexcept = default;
answer::answer(const answer&) = default;
answer::answer(answer&&) noexcept = default;
answer& answer::operator=(const answer& x) { return replace(*this, answer{x}); }
answer& answer::operator=(answer&& x) noexcept { return replace(*this, std::move(x)); }
answer::~answer() = default;
answer::answer(std::size_t place, void* alternative) noexcept {
  put_alternative<answer_content>(*this, place, alternative);
}

} // namespace causeway::store
