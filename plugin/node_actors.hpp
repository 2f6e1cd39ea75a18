#pragma once
#include "actors/shell.hpp"
#include "messages/fault.hpp"
#include "plugin/admin/scatter_gather.hpp"

#include <functional>
#include <vector>

/// What the supervisors of all kinds say of their actors, put together for the operator. The router outlives the
/// answer.
namespace causeway {

/// Rows of all actors, in no order.
void list_actors(const message_router& router, std::function<void(std::vector<admin::actor_row>)> done);

/// The row of one actor; none when it is not in memory.
void find_actor(const message_router& router, const address& who,
                std::function<void(std::vector<admin::actor_row>)> done);

/// The first by a column (actors/supervisor/ranking.hpp). @returns fault invalid_param: there is no such column
void rank_actors(const message_router& router, const admin::actors_request& wanted,
                 std::function<void(result<admin::actors_ranked>)> done);

} // namespace causeway
