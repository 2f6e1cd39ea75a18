#include "messages/store.hpp"

namespace causeway::store {

write::write() noexcept = default;
write::write(const write&) = default;
write::write(write&&) noexcept = default;
write& write::operator=(const write&) = default;
write& write::operator=(write&&) noexcept = default;
write::~write() = default;

query::query() noexcept = default;
query::query(const query&) = default;
query::query(query&&) noexcept = default;
query& query::operator=(const query&) = default;
query& query::operator=(query&&) noexcept = default;
query::~query() = default;

answer::answer() noexcept = default;
answer::answer(const answer&) = default;
answer::answer(answer&&) noexcept = default;
answer& answer::operator=(const answer&) = default;
answer& answer::operator=(answer&&) noexcept = default;
answer::~answer() = default;

} // namespace causeway::store
