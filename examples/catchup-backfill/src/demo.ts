// `npm run demo:catchup` plays the whole story under a simulated clock, `npm run demo:catchup -- live` a short one in real time.
await import(process.argv[2] === "live" ? "./demo-live.ts" : "./demo-story.ts");
