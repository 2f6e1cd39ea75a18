#include "tools/causeway/socket_rights.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace causeway::tools {

namespace {

/// What keeps us out: a folder on the way, or the socket itself.
struct obstacle {
  std::string path;
  struct stat is = {};
  mode_t group_needs = S_IWGRP;
};

obstacle find_obstacle(const std::string& path) {
  obstacle x{path};
  for (auto end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    x.path = path.substr(0, end);
    x.group_needs = S_IXGRP;
    if (stat(x.path.c_str(), &x.is) != 0) return x;
    if (faccessat(AT_FDCWD, x.path.c_str(), X_OK, AT_EACCESS) != 0) return x;
  }
  x = {path};
  if (stat(path.c_str(), &x.is) != 0) x.is = {};
  return x;
}

std::string user_name(uid_t id) {
  const auto* found = getpwuid(id);
  return found != nullptr ? found->pw_name : std::to_string(id);
}

std::string group_name(gid_t id) {
  const auto* found = getgrgid(id);
  return found != nullptr ? found->gr_name : std::to_string(id);
}

} // namespace

std::string permission_denied(const std::string& path) {
  const auto x = find_obstacle(path);
  const auto begin = "permission denied: " + x.path + " is for ";
  // Of root, or of us and closed to us all the same: whoever gave it that mode has to be root now.
  if (x.is.st_uid == 0 || x.is.st_uid == geteuid()) return begin + "root alone; run this as root.";
  const auto user = user_name(x.is.st_uid);
  const bool has_group = (x.is.st_mode & x.group_needs) != 0 && x.is.st_gid != 0;
  const auto group = has_group ? " and the group " + group_name(x.is.st_gid) : std::string{" alone"};
  return begin + "the user " + user + group + "; run this as that user (`sudo -u " + user + " causeway ...`)" +
         (has_group ? ", in that group," : "") + " or as root.";
}

} // namespace causeway::tools
