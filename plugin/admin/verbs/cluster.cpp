#include "plugin/admin/verbs.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

void list_cluster_nodes(desk& at, const job& work) {
  at.gather(work, {{{"nodes", store::list_nodes{}}}, {}, false}, [](desk& d, const job& j, const query_results& f) {
    auto told = views::nodes(f, j.with);
    if (told) told->set("node", d.who().node_name); // the one that says so
    d.answer(j, told);
  });
}

void list_cluster_shards(desk& at, const job& work) {
  at.gather(work, {{{"shards", store::list_shards{}}}, {}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::shards(f, j.with)); });
}

void list_history(desk& at, const job& work) {
  at.node().list_terms(work.with.limit, [alive = at.weak_from_this(), work](result<std::vector<term_row>> found) {
    const auto d = alive.lock();
    if (!d) return;
    if (!found) return d->refuse(work, found.error());
    d->answer(work, views::terms(std::move(*found), work.with));
  });
}

/// Of a node that serves: where nobody would follow it is refused, unless that is meant.
void drain_found_node(desk& at, const job& work, const query_results& found) {
  const auto* listed = found.find<store::nodes_listed>("nodes");
  if (!listed) return at.refuse(work, found.why_not("nodes"));
  const auto& nodes = listed->nodes;
  const auto serving = std::find_if(nodes.begin(), nodes.end(), [](const auto& x) { return x.state == "active"; });
  const auto next =
    serving == nodes.end() ? std::vector<std::string>{} : views::successors(*listed, serving->incarnation);
  if (at.node().serves() && !nodes.empty() && next.empty() && !work.with.force)
    return at.refuse(work, {fault_code::conflict,
                            "no other node stands by: nobody would serve. Start one, or say "
                            "--force: nobody serves then until `causeway undrain`, or until another one "
                            "is started"});
  if (auto begun = at.node().drain(!next.empty(), work.with.reason); !begun) return at.refuse(work, begun.error());
  at.answer(work, json::object{{"served", json::value{at.node().serves()}},
                               {"incarnation",
                                json::value{serving == nodes.end() ? std::string{}
                                                                   : views::incarnation_text(serving->incarnation)}},
                               {"next", json::value{next.empty() ? std::string{} : next.front()}}});
}

void drain_node(desk& at, const job& work) {
  at.gather(work, {{{"nodes", store::list_nodes{}}}, {}, false}, &drain_found_node);
}

void undrain_node(desk& at, const job& work) {
  if (auto done = at.node().undrain(work.with.reason); !done) return at.refuse(work, done.error());
  at.answer(work, json::object{{"undrained", json::value{true}}});
}

void finish_upgrade(desk& at, const job& work) {
  at.node().finish_upgrade([alive = at.weak_from_this(), work](const status& done) {
    const auto d = alive.lock();
    if (!d) return;
    if (!done) return d->refuse(work, done.error());
    d->answer(work, json::object{{"finished", json::value{true}}});
  });
}

} // namespace

std::span<const verb> cluster_verbs() {
  static constexpr std::array<verb, 6> all = {{
    {{"nodes", false, "", "Nodes that share the store (none with SQLite), who serves, and how far an upgrade is."},
     &list_cluster_nodes},
    {{"shards", false, "", "Shards of the store: who owns each, and how many rooms are in it."}, &list_cluster_shards},
    {{"history", false, "", "Who served the shared store from when to when, and why it ended."}, &list_history},
    {{"node.drain", true, "", "This node hands its place over and stands by, and leaves its turn to others."},
     &drain_node},
    {{"node.undrain", true, "", "A drained node takes its turn again."}, &undrain_node},
    {{"upgrade.finish", true, "",
      "The store is no longer kept fit for older builds: what they need is taken away, and they are refused."},
     &finish_upgrade},
  }};
  return all;
}

} // namespace causeway::admin
