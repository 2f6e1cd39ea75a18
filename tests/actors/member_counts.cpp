#include "actors/room/member_counts.hpp"

#include "messages/matrix/identifiers.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace causeway;
using room::member_counts;

BOOST_AUTO_TEST_SUITE(room_member_counts)

namespace {

const std::string own = "here.example";

/// What a walk through all members comes to.
void check_against_a_walk(const member_counts& counts, const std::map<std::string, matrix::membership>& members,
                          const std::vector<std::string>& servers) {
  member_counts::share all;
  std::map<std::string, member_counts::share> by_server;
  std::set<std::string> joined_servers, local;
  for (const auto& [user, membership] : members) {
    const std::string server{matrix::server_name_of(user)};
    for (auto* share : {&all, &by_server[server]}) {
      share->joined += membership == matrix::membership::join;
      share->invited += membership == matrix::membership::invite;
    }
    if (membership != matrix::membership::join) continue;
    if (matrix::is_server_name(server)) joined_servers.insert(server);
    if (server == own) local.insert(user);
  }
  BOOST_TEST((counts.all() == all));
  for (const auto& server : servers) BOOST_TEST((counts.of(server) == by_server[server]), server);
  BOOST_TEST(counts.servers() == std::vector<std::string>(joined_servers.begin(), joined_servers.end()),
             boost::test_tools::per_element());
  BOOST_TEST((std::set<std::string>{counts.local_joined().begin(), counts.local_joined().end()} == local));
}

} // namespace

BOOST_AUTO_TEST_CASE(counts_are_what_a_walk_through_the_members_comes_to_after_each_of_many_changes) {
  // One has a name that no server has: such a member may be in a room, and nobody can be told there.
  const std::vector<std::string> servers{own, "b.example", "c.example:8448", "d.example", "no name"};
  using enum matrix::membership;
  constexpr std::array memberships{join, join, join, invite, leave, ban, knock, none};
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random{seed};
    member_counts counts{own};
    std::map<std::string, matrix::membership> members;
    for (int step = 0; step < 2'000; ++step) {
      const auto user = "@u" + std::to_string(random() % 12) + ':' + servers[random() % servers.size()];
      const auto next = memberships[random() % memberships.size()];
      counts.change(user, members[user], next);
      members[user] = next;
      check_against_a_walk(counts, members, servers);
    }
    // Nothing of those who have gone is kept.
    for (auto& [user, membership] : members) counts.change(user, std::exchange(membership, none), none);
    BOOST_TEST((counts == member_counts{own}));
  }
}

BOOST_AUTO_TEST_CASE(member_without_a_server_counts_among_all_and_for_nobody) {
  member_counts counts{own};
  counts.change("", matrix::membership::none, matrix::membership::join);
  counts.change("nobody", matrix::membership::none, matrix::membership::join);
  BOOST_TEST(counts.all().joined == 2u);
  BOOST_TEST(counts.servers().empty());
  BOOST_TEST(counts.local_joined().empty());
  counts.clear();
  BOOST_TEST((counts == member_counts{own}));
}

BOOST_AUTO_TEST_SUITE_END()
