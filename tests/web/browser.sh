# Chromium, driven through chromedriver's HTTP interface; to be read behind
# signd/service.sh.  driver_start before a session; it ends with the service.
browser=
for name in chromium chromium-browser google-chrome; do
	browser=$(command -v "$name") && break
done
[ -n "$browser" ] || skip_all "there is no Chromium"
need chromedriver base64

driver_is_ready() { curl -s "$driver/status" | grep -q '"ready": *true'; }
driver_start() {
	driver_port=$(free_port)
	chromedriver "--port=$driver_port" > "$dir/driver.log" 2>&1 &
	driver_pid=$!
	driver=http://localhost:$driver_port
	await driver_is_ready
	trap 'kill $driver_pid 2> /dev/null; service_end' EXIT
}

d() { # d METHOD PATH [BODY]: the answer on stdout
	if [ $# -gt 2 ]; then
		curl -s -X "$1" -H 'Content-Type: application/json' -d "$3" \
		    "$driver$2"
	else
		curl -s -X "$1" "$driver$2"
	fi
}
session_new() { # session_new PREFS
	session=$(d POST /session '{"capabilities":{"alwaysMatch":{
	    "acceptInsecureCerts":true,"goog:chromeOptions":{
	    "binary":"'"$browser"'","prefs":{'"$1"'},
	    "args":["--headless=new","--no-sandbox","--disable-gpu",
	    "--disable-dev-shm-usage","--window-size=1000,1100"]}}}}' |
	    sed -n 's/.*"sessionId": *"\([^"]*\)".*/\1/p')
	[ -n "$session" ]
}
go() { d POST "/session/$session/url" "{\"url\":\"$1\"}" > /dev/null; }
element() { # element SELECTOR
	d POST "/session/$session/element" \
	    "{\"using\":\"css selector\",\"value\":\"$1\"}" |
	    sed -n 's/.*"element-[^"]*": *"\([^"]*\)".*/\1/p'
}
keys() { # keys SELECTOR TEXT
	d POST "/session/$session/element/$(element "$1")/value" \
	    "{\"text\":\"$2\"}" > /dev/null
}
click() { d POST "/session/$session/element/$(element "$1")/click" '{}' \
    > /dev/null; }
text() { d GET "/session/$session/element/$(element "$1")/text" |
    sed 's/^{"value"://; s/}$//'; }
js() { # js EXPRESSION: its value
	d POST "/session/$session/execute/sync" \
	    "{\"script\":\"return $1\",\"args\":[]}" |
	    sed 's/^{"value"://; s/}$//'
}
shot() {
	[ -n "${SHOTS:-}" ] || return 0
	d GET "/session/$session/screenshot" |
	    sed 's/^{"value":"//; s/"}$//' | base64 -d > "$SHOTS/$1.png"
}
is_there() { [ "$(js "!!document.querySelector('$1')")" = true ]; }
wait_for() { await is_there "$1"; } # wait_for SELECTOR
reads() { text "$1" | grep -qi "$2"; } # reads SELECTOR WORDS
resize() {
	d POST "/session/$session/window/rect" \
	    "{\"width\":$1,\"height\":$2}" > /dev/null
}
# Nothing runs over the edge; a browser that is busy lays out a little later.
no_wider() {
	[ "$(js 'document.documentElement.scrollWidth <= window.innerWidth')" = true ]
}
fits() { await no_wider; }
