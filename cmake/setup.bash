# The set-up behind cmake/go: Debian packages, LibTorch, Dear ImGui. Sourced, never run by itself.
# All steps look first and do nothing where all is there.

# needs PURPOSE...: the packages that packages.txt lists for these purposes.
needs() {
  local purpose
  for purpose in "$@"; do
    awk -v purpose="$purpose" '$1 == purpose { print $2 }' cmake/packages.txt
  done
}

# missing PACKAGE...: those of them that are not installed.
missing() {
  local installed
  # dpkg-query fails where it knows one of them not at all, which is no news.
  installed=$({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
    awk '$2 == "installed" { print $1 }')
  printf '%s\n' "$@" | grep -vxF -- "${installed:-none}" || true
}

# packages PURPOSE...: installs what is missing, or names it where that takes another user.
packages() {
  local wanted absent
  if [ "$1" = build ] && ! libtorch_there && ! find_pip; then set -- "$@" torch; fi
  read -rd '' -a wanted <<<"$(needs "$@")" || true
  if [ "${NOISELOOM_PACKAGES:-}" = skip ]; then
    say "packages   not checked, as NOISELOOM_PACKAGES=skip says"
    return
  fi
  if ! command -v dpkg-query >/dev/null; then
    say "packages   not checked: no dpkg here. Install what these Debian packages hold: ${wanted[*]}"
    return
  fi
  read -rd '' -a absent <<<"$(missing "${wanted[@]}")" || true
  if [ ${#absent[@]} = 0 ]; then
    say "packages   all ${#wanted[@]} there"
    return
  fi
  if [ "$(id -u)" != 0 ]; then
    {
      echo "These Debian packages are missing, and installing them takes root. As root (or after sudo), run"
      echo
      echo "  apt-get update && apt-get install --no-install-recommends ${absent[*]}"
      echo
      echo "and then this command again. To go on without this check: NOISELOOM_PACKAGES=skip."
    } >&2
    exit 2
  fi
  say "packages   installing ${absent[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  logged packages apt_progress "${apt[@]}" update ||
    fail "apt-get update failed. Check the network and /etc/apt/sources.list*, then run this again."
  # A source that did not answer is a mere warning to update; the install then says what it cannot find.
  logged packages apt_progress "${apt[@]}" install -y --no-install-recommends "${absent[@]}" ||
    fail "apt-get install failed. If it could not fetch, check the network; if dpkg was interrupted, run 'dpkg --configure -a'; then run this again."
  say "packages   installed"
}

apt_progress() {
  awk '/^[0-9]+ upgraded, / { all = $1 + $3 } /^Get:/ { got++ } /^Unpacking / { unpacked++ } /^Setting up / { ready++ }
       END { printf "%d packages to fetch, %d unpacked, %d set up", all, unpacked, ready }' "$1"
}

# torch_named: the folder of a Torch that CMAKE_PREFIX_PATH names, found as cmake/Torch.cmake finds it.
torch_named() {
  local prefix prefixes root
  IFS=':;' read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  for prefix in "${prefixes[@]}"; do
    [ -n "$prefix" ] || continue
    for root in "$prefix" "$prefix/torch" "$prefix/libtorch" "$prefix/../.."; do
      if [ -f "$root/include/torch/csrc/api/include/torch/torch.h" ]; then
        (cd "$root" && pwd)
        return
      fi
    done
  done
}

pinned() { grep -v '^#' cmake/torch.txt | sha256sum | cut -d' ' -f1; }

# libtorch_there: is there one to build with? Leaves in torch_root where it is, or will be.
torch_root=
libtorch_there() {
  torch_root=$(torch_named)
  [ -z "$torch_root" ] || return 0
  torch_root=$PWD/.deps/site/torch
  [ "$(cat .deps/site/.pinned 2>/dev/null)" = "$(pinned)" ]
}

# find_pip: leaves in pip_python a Python that has pip.
pip_python=
find_pip() {
  for pip_python in python3 /usr/bin/python3; do
    "$pip_python" -m pip --version >/dev/null 2>&1 && return 0
  done
  return 1
}

# libtorch: fetches the pinned wheels by name and checked hash, and unpacks the parts a build needs.
libtorch() {
  local site=.deps/site
  if libtorch_there; then
    say "LibTorch   $torch_root"
    return
  fi
  [ "$(uname -sm)" = "Linux x86_64" ] ||
    fail "LibTorch is pinned for Linux on x86_64. Name one for this machine in CMAKE_PREFIX_PATH and run this again."
  find_pip || fail "LibTorch is fetched with pip, and there is none. Install python3-pip and run this again."
  rm -rf .deps/wheels .deps/fetch $site.part
  mkdir -p .deps/wheels .deps/fetch
  local free
  free=$(df -Pk .deps | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge 3000 ] || fail "LibTorch takes 3 GB while it is unpacked, and only $free MB are free at $PWD/.deps."
  say "LibTorch   fetching 545 MB (torch 2.11.0), once"
  # For Python 3.11, whatever Python is here: the wheel is unpacked and linked with, never imported.
  logged torch fetch_progress env TMPDIR="$PWD/.deps/fetch" "$pip_python" -m pip download --requirement cmake/torch.txt \
    --no-deps --require-hashes --only-binary=:all: --no-cache-dir --progress-bar off --retries 5 \
    --python-version 3.11 --implementation cp --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --dest .deps/wheels ||
    fail "LibTorch could not be fetched. Check the network (pip heeds HTTPS_PROXY, PIP_INDEX_URL and PIP_FIND_LINKS) and run this again, or name a Torch that you have in CMAKE_PREFIX_PATH. A hash that does not match means that the file is not the pinned one: do not use it."
  say "LibTorch   unpacking"
  logged torch unpack_progress "$pip_python" cmake/unpack.py .deps/wheels $site.part ||
    fail "LibTorch could not be unpacked. Is the disk full? Then run this again."
  pinned >$site.part/.pinned
  rm -rf $site
  mv $site.part $site
  rm -rf .deps/wheels .deps/fetch
  say "LibTorch   ready"
}

fetch_progress() { echo "$(du -sm .deps/wheels .deps/fetch 2>/dev/null | awk '{ s += $1 } END { print s + 0 }') MB here"; }
unpack_progress() { echo "$(du -sm .deps/site.part 2>/dev/null | awk '{ print $1 + 0 }') MB unpacked"; }

imgui_pinned() { cat cmake/imgui.txt cmake/fetch_source.py | sha256sum | cut -d' ' -f1; }

# imgui: fetches the pinned sources of Dear ImGui and ImPlot, 48 MB, of which the editor takes 8.
imgui() {
  local folder=.deps/imgui
  if [ "$(cat $folder/.pinned 2>/dev/null)" = "$(imgui_pinned)" ]; then
    say "ImGui      $PWD/$folder"
    return
  fi
  say "ImGui      fetching 48 MB (imgui-bundle 1.92.801), once"
  rm -rf $folder.part
  mkdir -p $folder.part
  logged imgui imgui_progress python3 cmake/fetch_source.py cmake/imgui.txt $folder.part external/imgui/imgui external/implot/implot ||
    fail "Dear ImGui could not be fetched. Check the network (HTTPS_PROXY and PIP_INDEX_URL are heeded) and run this again. A hash that does not match means that the file is not the pinned one: do not use it."
  imgui_pinned >$folder.part/.pinned
  rm -rf $folder
  mv $folder.part $folder
  say "ImGui      ready"
}

imgui_progress() { echo "fetching"; }
